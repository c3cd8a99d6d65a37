package engine_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portcullis/engine"
	"portcullis/helpers"
	"portcullis/packet"
)

// crier is a helper that announces and mentions whatever a datagram tells it to, in
// lines of a word and an endpoint; all that is spelt is netip's spelling.
var crier = helpers.Helper{
	Name: "sip", Protocols: []uint8{packet.ProtoUDP}, MaxExpects: 8, Mentions: true,
	Inspect: func(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
		at := 0
		for line := range bytes.Lines(seg.Data) {
			word, spelt, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
			edit := helpers.Edit{Off: at + len(word) + 1, Len: len(spelt)}
			at += len(line)
			if a, err := netip.ParseAddr(spelt); err == nil {
				f.Mention(helpers.Mention{Endpoint: netip.AddrPortFrom(a, 0), Edit: edit})
			}
			ap, err := netip.ParseAddrPort(spelt)
			e := helpers.Expect{Proto: packet.ProtoUDP, Endpoint: ap, Edit: edit}
			switch {
			case err != nil:
				continue
			case word == "mention":
				f.Mention(helpers.Mention{Endpoint: ap, Edit: edit})
				continue
			}
			e.Pair, e.Anyone, e.Many = word == "pair", word == "anyone", word == "many"
			if word == "tagged" {
				e.Tag = 5
			}
			f.Announce(e)
		}
		if bytes.HasPrefix(seg.Data, []byte("cancel")) {
			f.CancelTag = 5
		}
		return helpers.Read
	},
	Spell: func(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte {
		if to.Port() == 0 {
			return to.Addr().AppendTo(dst)
		}
		return to.AppendTo(dst)
	},
}

// crierRig is a rig with crier, behind source NAT or without, and a destination NAT
// of 10.2.0.10 on port2 to 10.1.0.10.
func crierRig(t *testing.T, nat bool) *rig {
	text := rigPolicy
	if nat {
		text += "nat = \"enable\"\n"
	}
	text += `
[[firewall.vip]]
name = "inside"
extip = "10.2.0.10"
extintf = "port2"
mappedip = "10.1.0.10"
[[firewall.policy]]
policyid = 5
srcintf = "port2"
dstintf = "port1"
srcaddr = "all"
dstaddr = "inside"
action = "accept"
schedule = "always"
service = "SIP"
`
	r := newRig(t, text)
	r.names.BuildIn(&crier)
	r.obey(t, text)
	return r
}

// cry sends text over the control session and returns what arrives.
func (r *rig) cry(t *testing.T, in, from, to, text string) string {
	t.Helper()
	there := newReceiver(t)
	if v, why := r.arrive(t, in, there, datagram(from, to, text, "")); v != engine.Forward {
		t.Fatalf("%q died: %v, %v", text, v, why)
	}
	if !there.whole.ChecksumOK() {
		t.Error("the checksum is wrong")
	}
	return string(there.whole.Data())
}

// flow sends a first datagram from port in and returns where it leaves for, or why it
// does not.
func (r *rig) flow(t *testing.T, in, from, to string) string {
	t.Helper()
	there := newReceiver(t)
	v, why := r.arrive(t, in, there, "udp "+from+" > "+to+" len 10")
	if v != engine.Forward {
		return why.String()
	}
	k := there.whole.Key
	return netip.AddrPortFrom(k.Dst.Netip(), k.DstPort).String()
}

const (
	crierClient = "10.1.0.2:5060"
	crierServer = "10.2.0.2:5060"
)

// TestAnnouncePair: both ports of a pair open, once each, and no third.
func TestAnnouncePair(t *testing.T) {
	for _, c := range []struct {
		name       string
		nat        bool
		host, said string
		keeps      bool // the port is the one that was announced
	}{
		{"plain", false, "10.1.0.2", "10.1.0.2:40000", true},
		{"plain, odd", false, "10.1.0.2", "10.1.0.2:40001", true},
		{"translated", true, "10.2.0.1", "10.1.0.2:40000", true},
		{"translated, odd", true, "10.2.0.1", "10.1.0.2:40001", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := crierRig(t, c.nat)
			said := netip.MustParseAddrPort(c.said)
			got, _ := strings.CutPrefix(r.cry(t, "port1", crierClient, crierServer, "pair "+c.said+"\n"), "pair ")
			seen, err := netip.ParseAddrPort(strings.TrimSpace(got))
			if err != nil || seen.Addr().String() != c.host || (seen.Port() == said.Port()) != c.keeps || c.nat && seen.Port()&1 != 0 {
				t.Fatalf("the server reads %q", got)
			}
			for i := range uint16(3) {
				want := netip.AddrPortFrom(said.Addr(), said.Port()+i).String()
				to := netip.AddrPortFrom(seen.Addr(), seen.Port()+i).String()
				if i == 2 {
					if st := r.worker.Stats(); st.Expected != 2 || st.Children != 2 || st.Refused != 0 {
						t.Errorf("%+v", st)
					}
					if got := r.flow(t, "port2", "10.2.0.2:7002", to); got == want {
						t.Errorf("a third flow reached %s", got)
					}
				} else if got := r.flow(t, "port2", "10.2.0.2:7000", to); got != want {
					t.Errorf("flow %d came to %s, expected %s", i, got, want)
				}
			}
		})
	}
}

// TestAnnouncePairTwice: two clients announce the same ports behind one address.
// Each gets a pair of its own.
func TestAnnouncePairTwice(t *testing.T) {
	r := crierRig(t, true)
	taken := map[netip.AddrPort]bool{}
	for _, host := range []string{"10.1.0.2", "10.1.0.3"} {
		for range 2 { // announced again: spelt as before
			got, _ := strings.CutPrefix(r.cry(t, "port1", host+":5060", crierServer, "pair "+host+":40000\n"), "pair ")
			seen := netip.MustParseAddrPort(strings.TrimSpace(got))
			taken[seen] = true
			if seen.Port()&1 != 0 {
				t.Errorf("%s is announced", seen)
			}
		}
	}
	if len(taken) != 2 {
		t.Fatalf("announced %v", taken)
	}
	hosts := ""
	for at := range taken {
		for i := range uint16(2) {
			hosts += r.flow(t, "port2", "10.2.0.2:7000", netip.AddrPortFrom(at.Addr(), at.Port()+i).String()) + " "
		}
	}
	for _, want := range []string{"10.1.0.2:40000 10.1.0.2:40001 ", "10.1.0.3:40000 10.1.0.3:40001 "} {
		if !strings.Contains(hosts, want) {
			t.Errorf("the flows came to %s", hosts)
		}
	}
}

// TestAnnouncePairWhileInUse: a server that sends everything from one port can not
// tell two clients apart by theirs, so that a second one behind the same address gets
// another pair, as long as the flows of the first live.
func TestAnnouncePairWhileInUse(t *testing.T) {
	r := crierRig(t, true)
	media := func(host string) (at netip.AddrPort, came string) {
		got, _ := strings.CutPrefix(r.cry(t, "port1", host+":5060", crierServer, "pair "+host+":40000\n"), "pair ")
		at = netip.MustParseAddrPort(strings.TrimSpace(got))
		r.flow(t, "port2", "10.2.0.2:8001", netip.AddrPortFrom(at.Addr(), at.Port()+1).String())
		return at, r.flow(t, "port2", "10.2.0.2:8000", at.String())
	}
	first, came := media("10.1.0.2")
	if came != "10.1.0.2:40000" {
		t.Fatalf("the first client's came to %s", came)
	}
	if second, came := media("10.1.0.3"); came != "10.1.0.3:40000" || second == first {
		t.Errorf("both are told %s; the second one's came to %s", second, came)
	}
	if again, came := media("10.1.0.2"); came != "10.1.0.2:40000" || again != first {
		t.Errorf("the first client is told %s, then %s, and its came to %s", first, again, came)
	}
	if err := r.worker.CheckInvariants(); err != nil {
		t.Error(err)
	}
	r.now = r.now.Add(time.Hour)
	for r.worker.Tick(r.now) {
	}
	if err := r.worker.CheckInvariants(); err != nil {
		t.Error(err)
	}
	if third, came := media("10.1.0.4"); came != "10.1.0.4:40000" || third != first {
		t.Errorf("nobody has %s any more, and yet %s is told; it came to %s", first, third, came)
	}
}

// TestAnnounceKinds: any number of flows, any host, a group that is cancelled.
func TestAnnounceKinds(t *testing.T) {
	for _, nat := range []bool{false, true} {
		r := crierRig(t, nat)
		host := "10.1.0.2"
		if nat {
			host = "10.2.0.1"
		}
		r.cry(t, "port1", crierClient, crierServer, "many 10.1.0.2:40000\nanyone 10.1.0.2:40002\none 10.1.0.2:40004\ntagged 10.1.0.2:40006\n")
		denied := r.flow(t, "port2", "10.2.0.2:9", host+":39999")
		for _, c := range []struct{ from, port, want string }{
			{"10.2.0.2:7000", "40000", "10.1.0.2:40000"},
			{"10.2.0.2:7001", "40000", "10.1.0.2:40000"},
			{"10.2.0.3:7000", "40000", denied},
			{"10.2.0.3:7000", "40002", "10.1.0.2:40002"},
			{"10.2.0.4:7000", "40002", denied},
			{"10.2.0.3:7000", "40004", denied},
			{"10.2.0.2:7000", "40004", "10.1.0.2:40004"},
			{"10.2.0.2:7001", "40004", denied},
		} {
			if got := r.flow(t, "port2", c.from, host+":"+c.port); got != c.want {
				t.Errorf("from %s to port %s: %s, expected %s", c.from, c.port, got, c.want)
			}
		}
		r.cry(t, "port1", crierClient, crierServer, "cancel\n")
		if got := r.flow(t, "port2", "10.2.0.2:7000", host+":40006"); got != denied {
			t.Errorf("a cancelled flow came to %s", got)
		}
		if got := r.flow(t, "port2", "10.2.0.2:7002", host+":40000"); got != "10.1.0.2:40000" {
			t.Errorf("another group was cancelled: %s", got)
		}
	}
}

// TestAnnounceAgain: what is announced again is told alike, and waited for anew.
func TestAnnounceAgain(t *testing.T) {
	for _, nat := range []bool{false, true} {
		r := crierRig(t, nat)
		const said = "pair 10.1.0.2:40000\n"
		first := r.cry(t, "port1", crierClient, crierServer, said)
		for range 3 {
			r.now = r.now.Add(helpers.DefaultLifetime - time.Second)
			if again := r.cry(t, "port1", crierClient, crierServer, said); again != first {
				t.Errorf("%q is told as %q, before as %q", said, again, first)
			}
		}
		r.now = r.now.Add(helpers.DefaultLifetime - time.Second)
		for r.worker.Tick(r.now) {
		}
		seen := netip.MustParseAddrPort(strings.TrimSpace(strings.TrimPrefix(first, "pair ")))
		for i := range uint16(2) {
			to, want := netip.AddrPortFrom(seen.Addr(), seen.Port()+i).String(), netip.AddrPortFrom(netip.MustParseAddr("10.1.0.2"), 40000+i).String()
			if got := r.flow(t, "port2", "10.2.0.2:7000", to); got != want {
				t.Errorf("a flow to %s came to %s, expected %s", to, got, want)
			}
		}
	}
}

// TestKnown: what is mentioned is respelt as its receiver knows it, in either
// direction.
func TestKnown(t *testing.T) {
	const outside = "10.2.0.9:5060"
	for _, c := range []struct {
		name                   string
		nat                    bool
		in, from, to           string   // of the first datagram
		back, answerer, asker  string   // of an answer
		sent, read, said, told []string // in the first datagram, in an answer
	}{
		{
			"plain", false, "port1", crierClient, crierServer, "port2", crierServer, crierClient,
			[]string{"mention 10.1.0.2:5060", "mention 10.1.0.2", "mention 10.2.0.2:5060"},
			[]string{"mention 10.1.0.2:5060", "mention 10.1.0.2", "mention 10.2.0.2:5060"},
			[]string{"mention 10.1.0.2:5060"}, []string{"mention 10.1.0.2:5060"},
		},
		{
			"source NAT", true, "port1", crierClient, crierServer, "port2", crierServer, "SELF",
			[]string{"mention 10.1.0.2:5060", "mention 10.1.0.2", "mention 10.2.0.2:5060", "mention 10.1.0.2:5061", "mention 10.1.0.3",
				"pair 10.1.0.2:40001", "mention 10.2.0.2"},
			[]string{"mention SELF", "mention 10.2.0.1", "mention 10.2.0.2:5060", "mention 10.1.0.2:5061", "mention 10.1.0.3",
				"pair PAIR", "mention 10.2.0.2"},
			[]string{"mention SELF", "mention 10.2.0.1", "mention 10.2.0.2:5060", "mention 10.2.0.1:5061", "mention PAIR", "mention PAIR+1"},
			[]string{"mention 10.1.0.2:5060", "mention 10.1.0.2", "mention 10.2.0.2:5060", "mention 10.2.0.1:5061", "mention 10.1.0.2:40001", "mention 10.1.0.2:40002"},
		},
		{
			"destination NAT", true, "port2", outside, "10.2.0.10:5060", "port1", "10.1.0.10:5060", outside,
			[]string{"mention 10.2.0.10:5060", "mention 10.2.0.10", "mention 10.2.0.9:5060", "mention 10.1.0.10:5060"},
			[]string{"mention 10.1.0.10:5060", "mention 10.1.0.10", "mention 10.2.0.9:5060", "mention 10.1.0.10:5060"},
			[]string{"mention 10.1.0.10:5060", "mention 10.1.0.10", "mention 10.2.0.9", "many 10.1.0.10:40000", "mention 10.1.0.10:40000", "mention 10.2.0.10"},
			[]string{"mention 10.2.0.10:5060", "mention 10.2.0.10", "mention 10.2.0.9", "many 10.2.0.10:40000", "mention 10.2.0.10:40000", "mention 10.2.0.10"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := crierRig(t, c.nat)
			got := strings.Split(strings.TrimSpace(r.cry(t, c.in, c.from, c.to, strings.Join(c.sent, "\n")+"\n")), "\n")
			self := netip.MustParseAddrPort(strings.TrimPrefix(got[0], "mention ")) // the ports are not known before
			words := []string{"SELF", self.String()}
			for _, line := range got {
				if spelt, ok := strings.CutPrefix(line, "pair "); ok {
					at := netip.MustParseAddrPort(spelt)
					words = append(words, "PAIR+1", netip.AddrPortFrom(at.Addr(), at.Port()+1).String(), "PAIR", at.String())
				}
			}
			public := strings.NewReplacer(words...)
			for i, line := range got {
				if want := public.Replace(c.read[i]); line != want {
					t.Errorf("%q is read as %q, expected %q", c.sent[i], line, want)
				}
			}
			answer := public.Replace(strings.Join(c.said, "\n") + "\n")
			got = strings.Split(strings.TrimSpace(r.cry(t, c.back, c.answerer, public.Replace(c.asker), answer)), "\n")
			for i, line := range got {
				if line != c.told[i] {
					t.Errorf("%q is told as %q, expected %q", public.Replace(c.said[i]), line, c.told[i])
				}
			}
		})
	}
}
