package sip

import (
	"net/netip"
	"testing"

	"portcullis/helpers"
	"portcullis/packet"
)

// TestAlive: a session may begin with what keeps a translation alive, since it may have
// been cleared; and with nothing else that is no message.
func TestAlive(t *testing.T) {
	for _, c := range []struct {
		first string
		want  helpers.Status
	}{
		{"", helpers.Read},
		{"\r\n", helpers.Read},
		{"\r\n\r\n\r\n", helpers.Read},
		{"\x00\x00\x00\x00", helpers.Read},
		{"jaK\x00", helpers.Read},
		{"keep-alive", helpers.Read},
		{"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", helpers.Read},
		{"\x00\x01\x00\x00\x21\x12\xa4\x43abcdefghijkl", helpers.Foreign},
		{"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", helpers.Foreign},
		{"GET / HTTP/1.1\r\n\r\n", helpers.Foreign},
	} {
		var state helpers.State
		var f helpers.Findings
		inspect := func(text string) helpers.Status {
			f.Reset()
			return Helper.Inspect(&helpers.Segment{
				Proto: packet.ProtoUDP, State: &state, Data: []byte(text),
				Ends: translated(netip.MustParseAddrPort("192.0.2.10:5060"), netip.MustParseAddrPort("198.51.100.20:5060")),
			}, &f)
		}
		if got := inspect(c.first); got != c.want {
			t.Errorf("%q: status %v, want %v", c.first, got, c.want)
		}
		if c.want != helpers.Read {
			continue
		}
		n := 0
		if got := inspect(talk(offer)[0].Text); got != helpers.Read {
			t.Errorf("%q, then an INVITE: status %v", c.first, got)
		}
		for range f.Expects {
			n++
		}
		if n != 1 {
			t.Errorf("%q, then an INVITE: %d announcements, want 1", c.first, n)
		}
	}
}
