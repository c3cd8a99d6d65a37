package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portcullis/dataplane/pcap/pcaptest"
	"portcullis/packet/packettest"
)

// folder is where the captures are: beside the repository, or where CAPTURES says.
var folder = cmp.Or(os.Getenv("CAPTURES"), "../../../../shared/captures")

// held are the protocols whose helpers find everything that a strict firewall opens,
// and nothing else.
var held = []string{"ftp", "irc", "pmap", "pptp", "rtsp", "sip", "tftp"}

// TestScore holds the helpers against the captures.
func TestScore(t *testing.T) {
	if _, err := os.Stat(filepath.Join(folder, "TRUTH.tsv")); err != nil {
		t.Skip("no captures: ", err)
	}
	all, err := scoreAll(folder)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := print(&table, all); err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if len(r.wrong) > 0 {
			t.Errorf("%s: %d expectations that a strict firewall does not make", r.protocol, len(r.wrong))
		}
		flows, accepted := r.children()
		if slices.Contains(held, r.protocol) && (r.recall() != 1 || r.precision() != 1 || accepted != flows || len(r.rows) == 0) {
			t.Errorf("%s: recall %.3f, precision %.3f, %d of %d flows at their frame", r.protocol, r.recall(), r.precision(), accepted, flows)
		}
	}
	if t.Failed() {
		t.Log(table.String())
	}
}

// header is the first line of TRUTH.tsv.
const header = "file\tannounce_frame\thelper\tcontrol_msg_src>dst\tl4\texpect_from\texpect_dst_ip\texpect_dst_port_or_callid\tnote\ttimes_announced\tobserved\tfirst_frame\tpackets\tpeer\tcontrol_syn_in_capture\n"

// made writes a folder with captures of a TFTP client on a port of its own, of an
// FTP client that is asked to attack another host, and of nothing.
func made(t *testing.T, truth string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	capture := func(lines ...string) []byte {
		var frames []pcaptest.Frame
		for _, line := range lines {
			frames = append(frames, pcaptest.Frame{Data: packettest.Frame(line)})
		}
		return pcaptest.Classic(binary.LittleEndian, false, 1, frames...)
	}
	write("TRUTH.tsv", []byte(header+truth))
	write("tftp/own_port.pcap", capture(
		"udp 10.1.0.2:50000 > 10.2.0.2:6969 hex 000161006f6374657400",
		"udp 10.2.0.2:4000 > 10.1.0.2:50000 hex 00030001"))
	write("ftp/bounce.pcap", capture(
		"tcp 10.1.0.2:40000 > 10.2.0.2:21 S seq 100",
		"tcp 10.2.0.2:21 > 10.1.0.2:40000 SA seq 900 ack 101",
		"tcp 10.1.0.2:40000 > 10.2.0.2:21 A seq 101 ack 901",
		`tcp 10.2.0.2:21 > 10.1.0.2:40000 PA seq 901 ack 101 data "220 ready\r\n"`,
		`tcp 10.1.0.2:40000 > 10.2.0.2:21 PA seq 101 ack 912 data "PORT 10,1,0,9,160,0\r\n"`,
		`tcp 10.1.0.2:40000 > 10.2.0.2:21 PA seq 122 ack 912 data "PORT 10,1,0,2,160,0\r\n"`))
	write("dns/silent.pcapng", capture("udp 10.1.0.2:5000 > 10.2.0.2:53 len 8"))
	return dir
}

const (
	rowTFTP   = "tftp/own_port.pcap\t1\ttftp\t10.1.0.2:50000>10.2.0.2:6969\tudp\t10.2.0.2\t10.1.0.2\t50000\tRRQ\t1\tyes\t2\t1\t10.2.0.2:4000\tudp\n"
	rowBounce = "ftp/bounce.pcap\t5\tftp\t10.1.0.2:40000>10.2.0.2:21\ttcp\t10.2.0.2\t10.1.0.9\t40960\tPORT\t1\tno\t\t0\t\tyes\n"
	rowPort   = "ftp/bounce.pcap\t6\tftp\t10.1.0.2:40000>10.2.0.2:21\ttcp\t10.2.0.2\t10.1.0.2\t40960\tPORT\t1\tno\t\t0\t\tyes\n"
)

// TestMade scores captures made here, so that the score itself is tested where
// there are no others.
func TestMade(t *testing.T) {
	score := func(truth string) string {
		t.Helper()
		all, err := scoreAll(made(t, truth))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, r := range all {
			may, found := r.found()
			flows, accepted := r.children()
			lines = append(lines, fmt.Sprintf("%s %d/%d %d wrong, %d/%d flows, %d of %d silent, %d there",
				r.protocol, found, may, len(r.wrong), accepted, flows, r.silent, r.files, r.openedInSilence()))
		}
		return strings.Join(lines, "\n")
	}
	for _, c := range []struct{ truth, want string }{
		{rowTFTP + rowBounce + rowPort, "dns 0/0 0 wrong, 0/0 flows, 1 of 1 silent, 0 there\nftp 1/1 0 wrong, 0/0 flows, 0 of 1 silent, 0 there\ntftp 1/1 0 wrong, 1/1 flows, 0 of 1 silent, 0 there"},
		// What the truth does not have is wrong.
		{rowTFTP + rowBounce, "dns 0/0 0 wrong, 0/0 flows, 1 of 1 silent, 0 there\nftp 0/0 1 wrong, 0/0 flows, 1 of 1 silent, 1 there\ntftp 1/1 0 wrong, 1/1 flows, 0 of 1 silent, 0 there"},
		// A port that nobody announces, a first frame that is none.
		{strings.Replace(rowTFTP, "\t2\t1\t", "\t3\t1\t", 1) + strings.Replace(rowPort, "40960", "40961", 1), "dns 0/0 0 wrong, 0/0 flows, 1 of 1 silent, 0 there\nftp 0/1 1 wrong, 0/0 flows, 0 of 1 silent, 0 there\ntftp 1/1 0 wrong, 0/1 flows, 0 of 1 silent, 0 there"},
		// Announced later than it was expected.
		{rowTFTP + strings.Replace(rowPort, "\t6\t", "\t7\t", 1), "dns 0/0 0 wrong, 0/0 flows, 1 of 1 silent, 0 there\nftp 0/1 0 wrong, 0/0 flows, 0 of 1 silent, 0 there\ntftp 1/1 0 wrong, 1/1 flows, 0 of 1 silent, 0 there"},
	} {
		if got := score(c.truth); got != c.want {
			t.Errorf("got\n%s\nexpected\n%s", got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	if err := run(made(t, rowTFTP+rowBounce), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"protocol  files  rows  to open  found  recall  expected  wrong  precision  flows  at their frame",
		"    tftp      1     1        1      1   1.000         1      0      1.000      1               1",
		"wrong: ftp/bounce.pcap: ", "10.1.0.2:40960  helper ftp  of #1: nothing announces it",
		"files in which nothing is to be opened: 2, expectations there: 1",
		"\n  ftp/bounce.pcap: 1: the address is that of a third host",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s\nexpected %q", &out, want)
		}
	}
	out.Reset()
	if err := run(t.TempDir(), &out); err != nil || !strings.HasSuffix(out.String(), ": nothing is measured\n") {
		t.Errorf("%q, %v", &out, err)
	}
	if err := run(made(t, "ftp/x.pcap\t1\n"), &out); err == nil || err.Error() != "TRUTH.tsv:2: 2 columns: expected 15" {
		t.Error(err)
	}
}

// TestStrict holds the rules.
func TestStrict(t *testing.T) {
	for _, c := range []struct{ edit, why string }{
		{"", ""},
		{"l4=-", "it announces that there is nothing"},
		{"dst=10.1.0.9", "the address is that of a third host"},
		{"dst=fd01::2", "the address is that of a third host"},
		{"dst=10.2.0.2", ""},
		{"port=0", "there is no port 0"},
		{"port=1023", "a port below 1024"},
		{"port=1024", ""},
		{"port=1023 helper=pmap", ""},
		{"port=1023 helper=rsh", ""},
		{"l4=gre port=0", ""},
		{"begun=no", "the beginning of the control session is not in the capture"},
		{"begun=udp", ""},
		{"dst=10.2.0.9 helper=sip", "the address is that of a third host"},
		{"dst=10.2.0.9 helper=sip answers", ""},
		{"dst=10.2.0.9 helper=ftp answers", "the address is that of a third host"},
	} {
		f := strings.Split(strings.TrimSuffix(rowPort, "\n"), "\t")
		at := map[string]int{"l4": 4, "dst": 6, "port": 7, "helper": 2, "begun": 14}
		for _, word := range strings.Fields(c.edit) {
			if name, value, is := strings.Cut(word, "="); is {
				f[at[name]] = value
			}
		}
		r, err := parseRow(f)
		if got := strict(&r, strings.HasSuffix(c.edit, "answers")); err != nil || got != c.why && (c.why == "" || !strings.HasPrefix(got, c.why)) {
			t.Errorf("%s: %q, %v; expected %q", c.edit, got, err, c.why)
		}
	}
}
