package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
)

// visit is one visit of an FTP client to a server: it logs in and fetches a file.
type visit struct {
	from   *lab.Namespace
	client netip.Addr // of the client, in the server's family
	server netip.AddrPort
	mode   peer.FTPMode
	size   int64
	hidden netip.Addr // the address behind which NAT hides the client, if it does
}

// visit is a visit of the client, of a small file, without NAT.
func (s *stage) visit(server netip.AddrPort, mode peer.FTPMode) visit {
	client := lab.Client4
	if server.Addr().Is6() {
		client = lab.Client6
	}
	return visit{from: s.Client, client: client, server: server, mode: mode, size: 100_000}
}

func (v visit) active() bool { return v.mode == peer.PORT || v.mode == peer.EPRT }

func (v visit) String() string { return fmt.Sprintf("%s, server %s", v.mode, v.server) }

// fetch makes the visit and shows what was said on the control connection
// about the data connection.
func (s *stage) fetch(v visit) (*peer.Transfer, time.Duration, error) {
	begin := time.Now()
	s.out.doing(v.String())
	t, err := peer.FTPGet(s, v.from, v.server, v.mode, v.size)
	return t, time.Since(begin), err
}

func (s *stage) quoteTranscript(t *peer.Transfer) {
	for _, line := range t.Transcript {
		for _, word := range []string{"> PORT", "> EPRT", "< 227", "< 229", "< 425"} {
			if strings.HasPrefix(line, word) {
				s.out.quote("client " + line)
			}
		}
	}
}

// passes expects that the visit succeeds, and that the log shows both its
// sessions under the policy.
func (s *stage) passes(v visit) error {
	mark := s.fw.Mark()
	t, took, err := s.fetch(v)
	if err != nil {
		return err
	}
	if !t.OK(v.size) {
		s.check(false, fmt.Sprintf("%s: ended at %s: %s, %d of %d bytes", v, t.Stage, t.Error, t.Bytes, v.size), took)
		s.quoteLines(strings.Join(t.Transcript, "\n"))
		s.quoteRecords(mark)
		return nil
	}
	text := fmt.Sprintf("%s: logged in, fetched %d bytes, SHA-256 as it should be", v, v.size)
	if v.size >= 1<<20 {
		text += fmt.Sprintf(", %.1f Gb/s", float64(v.size)*8/t.Seconds/1e9)
	}
	s.check(true, text, took)
	s.quoteTranscript(t)
	s.later = append(s.later, func() {
		s.logged(mark, fmt.Sprintf("log of %s: control session", v), v.controlPairs(t, s.policy)...)
		s.logged(mark, fmt.Sprintf("log of %s: data session", v), v.dataPairs(t, s.policy)...)
	})
	return nil
}

// controlPairs is what the log line of the control session has.
func (v visit) controlPairs(t *peer.Transfer, policy string) []string {
	pairs := []string{"type=traffic", "subtype=forward", "proto=6", "action=close", pair("policyid", policy),
		pair("srcip", v.client), pair("srcport", t.Control.Port()), pair("dstip", v.server.Addr()), pair("dstport", v.server.Port())}
	return append(pairs, v.snat()...)
}

// dataPairs is what the log line of the data session has: the same policy.
func (v visit) dataPairs(t *peer.Transfer, policy string) []string {
	pairs := []string{"type=traffic", "subtype=forward", "proto=6", "action=close", pair("policyid", policy)}
	if !v.active() {
		pairs = append(pairs, pair("srcip", v.client), pair("dstip", v.server.Addr()), pair("dstport", t.Data.Port()))
		return append(pairs, v.snat()...)
	}
	pairs = append(pairs, pair("srcip", v.server.Addr()))
	if v.hidden.IsValid() {
		return append(pairs, pair("dstip", v.hidden), "trandisp=dnat", pair("tranip", v.client), pair("tranport", t.Data.Port()))
	}
	return append(pairs, pair("dstip", v.client), pair("dstport", t.Data.Port()), "trandisp=noop")
}

func (v visit) snat() []string {
	if v.hidden.IsValid() {
		return []string{"trandisp=snat", pair("transip", v.hidden)}
	}
	return []string{"trandisp=noop"}
}

// denied expects that login works and the transfer does not, and that the log
// shows the data connection denied by the implicit deny.
func (s *stage) denied(v visit) error {
	mark := s.fw.Mark()
	t, took, err := s.fetch(v)
	if err != nil {
		return err
	}
	if t.Stage != "transfer" || t.Error == "" {
		s.check(false, fmt.Sprintf("%s: login was to work and the transfer to fail; ended at %s %s", v, t.Stage, t.Error), took)
		return nil
	}
	s.check(true, fmt.Sprintf("%s: logged in; no transfer: %s", v, t.Error), took)
	s.quoteTranscript(t)
	pairs := []string{"type=traffic", "proto=6", "action=deny", "policyid=0", pair("dstport", t.Data.Port())}
	if v.active() {
		pairs = append(pairs, pair("srcip", v.server.Addr()), pair("dstip", v.client))
	} else {
		pairs = append(pairs, pair("srcip", v.client), pair("dstip", v.server.Addr()))
	}
	s.logged(mark, "log of the data connection", pairs...)
	if !v.active() { // in active mode it is the server that waits, for minutes, and with it the session
		s.later = append(s.later, func() {
			s.logged(mark, fmt.Sprintf("log of %s: control session", v), v.controlPairs(t, s.policy)...)
		})
	}
	return nil
}

// refused expects that a plain TCP connection is denied by policy 0.
func (s *stage) refused(from *lab.Namespace, src netip.Addr, dst netip.AddrPort) error {
	mark, begin := s.fw.Mark(), time.Now()
	s.out.doing(fmt.Sprintf("TCP to %s", dst))
	p, err := peer.TCPProbe(s, from, dst)
	if err != nil {
		return err
	}
	s.check(!p.Connected, fmt.Sprintf("TCP to %s, which no policy allows: %s", dst, outcome(p)), time.Since(begin))
	s.logged(mark, "log of the connection", "proto=6", "action=deny", "policyid=0",
		pair("srcip", src), pair("dstip", dst.Addr()), pair("dstport", dst.Port()))
	return nil
}

func outcome(p *peer.Probe) string {
	if p.Connected {
		return "connected"
	}
	return p.Error
}
