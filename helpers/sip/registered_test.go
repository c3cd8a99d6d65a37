package sip

import (
	"net/netip"
	"testing"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// TestGranted: a registration is kept open for as long as the registrar says of it,
// whatever else it lists.
func TestGranted(t *testing.T) {
	const (
		keep   = 0
		cancel = -1
	)
	for _, c := range []struct {
		name    string
		status  int
		cseq    int
		headers string
		want    time.Duration
	}{
		{"one contact", 200, 1, "\tContact: <sip:alice@192.0.2.10:5062>;expires=600\n", 600 * time.Second},
		{"an old one of the same host's", 200, 1, "\tContact: <sip:alice@192.0.2.10:1024>;expires=12, <sip:alice@192.0.2.10:5062>;q=0.5;expires=600\n", 600 * time.Second},
		{"an old one in a header of its own, last", 200, 1, "\tContact: <sip:alice@192.0.2.10:5062>;expires=600\n\tContact: <sip:alice@192.0.2.10:1024>;expires=12\n", 600 * time.Second},
		{"another host's that lasts longer", 200, 1, "\tContact: <sip:alice@192.0.2.77>;expires=3600,<sip:alice@192.0.2.10:5062>;expires=60\n", time.Minute},
		{"Expires is less", 200, 1, "\tm: <sip:alice@192.0.2.10:5062>;expires=600\n\tExpires: 60\n", time.Minute},
		{"Expires alone", 200, 1, "\tContact: <sip:alice@192.0.2.10:5062>\n\tExpires: 60\n", time.Minute},
		{"Expires without a contact", 200, 1, "\tExpires: 60\n", time.Minute},
		{"nothing is said", 200, 1, "\tContact: <sip:alice@192.0.2.10:5062>\n", time.Hour},
		{"a time that is none", 200, 1, "\tContact: <sip:alice@192.0.2.10:5062>;expires=soon\n", time.Hour},
		{"for ever", 200, 1, "\tContact: <sip:alice@192.0.2.10:5062>;expires=4294967295\n", 24 * time.Hour},
		{"another host's alone", 200, 1, "\tContact: <sip:alice@192.0.2.77>;expires=600\n", cancel},
		{"none is left", 200, 1, "", cancel},
		{"none of us is left", 200, 1, "\tContact: <sip:alice@192.0.2.10:5062>;expires=0\n", cancel},
		{"of another transaction", 200, 2, "\tContact: <sip:alice@192.0.2.10:5062>;expires=600\n", keep},
		{"credentials are asked for", 401, 1, "", keep},
		{"by a proxy", 407, 1, "", keep},
		{"a longer time is asked for", 423, 1, "\tMin-Expires: 1800\n", keep},
		{"forbidden", 403, 1, "", cancel},
		{"trying", 100, 1, "", keep},
	} {
		var state helpers.State
		var f helpers.Findings
		say := func(dir packet.Dir, text string) {
			f.Reset()
			seg := helpers.Segment{
				Dir: dir, Proto: packet.ProtoUDP, State: &state, Data: []byte(talk(text)[0].Text),
				Ends: translated(netip.MustParseAddrPort("192.0.2.10:5060"), netip.MustParseAddrPort("198.51.100.20:5060")),
			}
			if dir == packet.Reply {
				seg.Ends = translated(seg.Dst, seg.Src)
			}
			if got := Helper.Inspect(&seg, &f); got != helpers.Read {
				t.Fatalf("%s: status %v: %s", c.name, got, f.Why)
			}
		}
		say(packet.Original, request("REGISTER", 1, "\tContact: <sip:alice@192.0.2.10:5062>;expires=3600\n"))
		var tag uint32
		for e := range f.Expects {
			tag = e.Tag
		}
		say(packet.Reply, response(c.status, "REGISTER", c.cseq, c.headers))
		got, void := f.RenewFor, f.CancelTag
		switch {
		case c.want == cancel && (void != tag || got != 0), c.want != cancel && void != 0:
			t.Errorf("%s: tag %d is void, of %d", c.name, void, tag)
		case c.want > 0 && (f.RenewTag != tag || got != c.want), c.want <= 0 && got != 0:
			t.Errorf("%s: tag %d for %v, want %d for %v", c.name, f.RenewTag, got, tag, c.want)
		}
	}
}
