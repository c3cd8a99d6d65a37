package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// row is one endpoint that a control message announces, as TRUTH.tsv has it.
type row struct {
	file     string
	frame    int    // that announces it
	helper   string // whose protocol it is
	from, to netip.AddrPort
	proto    string
	src      netip.Addr // who is to open the flow; zero: not known
	dst      netip.Addr
	port     uint32 // or call id
	observed bool   // the flow is in the capture
	first    int    // its first frame
	begun    bool   // the control session's beginning is in the capture
}

// readTruth reads the table.
func readTruth(in io.Reader) ([]row, error) {
	var rows []row
	s := bufio.NewScanner(in)
	for n := 1; s.Scan(); n++ {
		if n == 1 || s.Text() == "" {
			continue
		}
		r, err := parseRow(strings.Split(s.Text(), "\t"))
		if err != nil {
			return nil, fmt.Errorf("TRUTH.tsv:%d: %w", n, err)
		}
		rows = append(rows, r)
	}
	return rows, s.Err()
}

// parseRow reads the columns of the table: file, announce_frame, helper,
// control_msg_src>dst, l4, expect_from, expect_dst_ip, expect_dst_port_or_callid,
// note, times_announced, observed, first_frame, packets, peer,
// control_syn_in_capture.
func parseRow(f []string) (r row, err error) {
	if len(f) < 15 {
		return r, fmt.Errorf("%d columns: expected 15", len(f))
	}
	r = row{file: f[0], helper: f[2], proto: f[4], observed: f[10] == "yes", begun: f[14] != "no"}
	number := func(text string, bits int) uint64 {
		n, e := strconv.ParseUint(text, 10, bits)
		if e != nil && err == nil {
			err = fmt.Errorf("%q: expected a number", text)
		}
		return n
	}
	addr := func(text string) netip.Addr {
		a, e := netip.ParseAddr(text)
		if e != nil && err == nil {
			err = fmt.Errorf("%q: expected an address", text)
		}
		return a
	}
	end := func(text string) netip.AddrPort { // IPv6 addresses have no brackets here
		i := max(strings.LastIndexByte(text, ':'), 0)
		return netip.AddrPortFrom(addr(text[:i]), uint16(number(strings.TrimPrefix(text[i:], ":"), 16)))
	}
	r.frame, r.port = int(number(f[1], 31)), uint32(number(f[7], 32))
	from, to, _ := strings.Cut(f[3], ">")
	r.from, r.to = end(from), end(to)
	r.dst = addr(f[6])
	if f[5] != "*" {
		r.src = addr(f[5])
	}
	if f[11] != "" {
		r.first = int(number(f[11], 31))
	}
	return r, err
}
