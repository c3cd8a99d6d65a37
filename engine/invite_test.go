package engine_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"portcullis/engine"
	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/packet/reassembly"
)

// invite is a helper that reads a call's invitation as a toy would: behind "media "
// stands the endpoint at which the caller waits.
var invite = helpers.Helper{
	Name: "sip", Protocols: []uint8{packet.ProtoUDP}, MaxExpects: 1,
	Inspect: func(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
		head, rest, _ := bytes.Cut(seg.Data, []byte("media "))
		spelt, _, ended := bytes.Cut(rest, []byte("\r\n"))
		at, err := netip.ParseAddrPort(string(spelt))
		if !bytes.HasPrefix(head, []byte("INVITE ")) || !ended || err != nil {
			f.Why = "no invitation"
			return helpers.Foreign
		}
		f.Announce(helpers.Expect{
			Proto: packet.ProtoUDP, Endpoint: at, Edit: helpers.Edit{Off: len(head) + len("media "), Len: len(spelt)},
		})
		return helpers.Read
	},
	Spell: func(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte { return to.AppendTo(dst) },
}

// invitation is a message of about size bytes with the endpoint in its middle.
func invitation(size int, media string) string {
	half := strings.Repeat("x", size/2)
	return "INVITE " + half + "\r\nmedia " + media + "\r\n" + half
}

// datagram is the line of a UDP datagram to the helper's port.
func datagram(from, to, text, words string) string {
	return "udp " + from + " > " + to + " data \"" + strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(text) + "\" " + words
}

// receiver takes what leaves a rig: it puts fragments together, as a host does.
type receiver struct {
	t     *testing.T
	table *reassembly.Table
	sizes []int // of the IP packets that came
	whole *packet.Packet
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, table: reassembly.New(1, func(why packet.Reason, _ uint64) { t.Errorf("a fragment died of %v", why) })}
	r.table.SetLimits(reassembly.Limits{Memory: 1 << 20, Timeout: time.Second})
	return r
}

// take takes one packet as the dataplane would send it.
func (r *receiver) take(s *engine.Slot) {
	r.t.Helper()
	if s.FragmentTo == 0 {
		r.frame(s.Frame)
	} else if !packet.Fragment(&s.Packet, int(s.FragmentTo), r.frame) {
		r.t.Fatalf("it can not be cut to %d bytes", s.FragmentTo)
	}
}

func (r *receiver) frame(frame []byte) {
	r.t.Helper()
	p := new(packet.Packet)
	if why := p.Parse(bytes.Clone(frame), packet.Offload{}); why != packet.ReasonNone {
		r.t.Fatal(why)
	}
	r.sizes = append(r.sizes, len(p.Frame)-int(p.L3))
	if !p.Frag {
		r.whole = p
		return
	}
	d, why := r.table.Add(0, p)
	if why != packet.ReasonNone {
		r.t.Fatal(why)
	}
	if d.Size != 0 {
		r.whole = new(packet.Packet)
		if why := r.whole.Parse(r.table.Take(d, make([]byte, d.Size)), packet.Offload{}); why != packet.ReasonNone {
			r.t.Fatal(why)
		}
	}
}

// arrive has packets processed that arrive on port in; nothing else may become of
// them than the last verdict and reason.
func (r *rig) arrive(t *testing.T, in string, to *receiver, lines ...string) (v engine.Verdict, why packet.Reason) {
	t.Helper()
	for _, line := range lines {
		frame, off, err := packettest.Build(line)
		if err != nil {
			t.Fatal(err)
		}
		v, why = r.send(t, in, frame, off, to.take)
	}
	return v, why
}

// obey has the worker obey one more configuration.
func (r *rig) obey(t *testing.T, text string) {
	t.Helper()
	r.compile(t, text)
	r.worker.SetRuleset(r.rules[len(r.rules)-1])
}

// TestFragmentedInvitation: an invitation in fragments reaches its helper whole. It
// is rewritten, which makes it longer, and leaves in fragments again that fit the
// way and are no larger than those it came in; what it announces then passes.
func TestFragmentedInvitation(t *testing.T) {
	for _, c := range []struct {
		name, client, server, media string // as the client writes them
		seen                        string // the translated address
		size                        int
		parts                       []string // in the order in which they come
		most                        int      // the largest packet that may leave
	}{
		{"out of order", "10.1.0.2", "10.2.0.2", "10.1.0.2:49170", "10.2.0.1", 3000, []string{"2960-", "0-1480", "1480-2960"}, 1400},
		{"in small ones", "10.1.0.2", "10.2.0.2", "10.1.0.2:9999", "10.2.0.1", 900, []string{"560-", "0-560"}, 580},
		{"cut within the endpoint", "10.1.0.2", "10.2.0.2", "10.1.0.2:49170", "10.2.0.1", 300, []string{"176-", "0-176"}, 220},
		{"IPv6", "fd01::2", "fd02::2", "[fd01::2]:49170", "fd02::1", 2600, []string{"2464-", "1232-2464", "0-1232"}, 1280},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, rigPolicy+"nat = \"enable\"\n")
			r.names.BuildIn(&invite)
			r.obey(t, rigPolicy+"nat = \"enable\"\n")
			from, to := netip.MustParseAddr(c.client), netip.MustParseAddr(c.server)
			text := invitation(c.size, c.media)
			line := datagram(netip.AddrPortFrom(from, 5060).String(), netip.AddrPortFrom(to, 5060).String(), text, "ipid 7")
			server := newReceiver(t)
			for i, part := range c.parts {
				if v, why := r.arrive(t, "port1", server, line+" part "+part); v != engine.Hold {
					t.Fatalf("part %d: %v, %v", i, v, why)
				}
			}
			if server.whole == nil || len(server.sizes) < 2 || slices.Max(server.sizes) > c.most {
				t.Fatalf("packets of %v bytes left, expected fragments of at most %d", server.sizes, c.most)
			}
			media := announced(t, server.whole, text, c.media)
			if media.Addr() != netip.MustParseAddr(c.seen) {
				t.Errorf("the server reads %v, expected %s", media, c.seen)
			}
			if st := r.worker.Stats(); st.Expected != 1 || st.Detached != 0 {
				t.Errorf("%+v", st)
			}

			client := newReceiver(t)
			child := "udp " + netip.AddrPortFrom(to, 7000).String() + " > " + media.String() + " len 100"
			if v, why := r.arrive(t, "port2", client, child); v != engine.Forward {
				t.Fatalf("the media died: %v", why)
			}
			if k := client.whole.Key; netip.AddrPortFrom(k.Dst.Netip(), k.DstPort).String() != c.media {
				t.Errorf("the media went to %v, expected %s", k, c.media)
			}
		})
	}
}

// announced is the endpoint in an invitation that arrived, which otherwise must be
// the one that was sent.
func announced(t *testing.T, p *packet.Packet, sent, media string) netip.AddrPort {
	t.Helper()
	if !p.ChecksumOK() {
		t.Error("the checksum is wrong")
	}
	got := string(p.Data())
	_, rest, _ := strings.Cut(got, "media ")
	spelt, _, _ := strings.Cut(rest, "\r\n")
	at, err := netip.ParseAddrPort(spelt)
	if err != nil || strings.Replace(got, spelt, media, 1) != sent {
		t.Fatalf("%v: the server reads %q", err, got)
	}
	return at
}

// TestInvitationGrows: a whole invitation that is too large for the way only once
// it is rewritten is cut, or where its sender forbids that, the sender is told.
func TestInvitationGrows(t *testing.T) {
	const media = "10.1.0.2:9"
	text := invitation(1340, media)
	text += strings.Repeat("y", 1400-28-len(text)) // as large as the way takes
	for _, c := range []struct {
		words  string
		v      engine.Verdict
		why    packet.Reason
		pieces int
	}{{"", engine.Forward, packet.ReasonNone, 2}, {"df", engine.Drop, packet.ReasonTooBig, 1}} {
		r := newRig(t, rigPolicy+"nat = \"enable\"\n")
		low := invite
		low.LowPorts = true
		r.names.BuildIn(&low)
		r.obey(t, rigPolicy+"nat = \"enable\"\n")
		to := newReceiver(t)
		r.arrive(t, "port1", to, datagram("10.1.0.3:5060", "10.2.0.2:5060", invitation(20, "10.1.0.3:9"), "")) // has port 9, so that a longer one is written
		to.sizes = nil
		v, why := r.arrive(t, "port1", to, datagram("10.1.0.2:5060", "10.2.0.2:5060", text, "ipid 7 "+c.words))
		if v != c.v || why != c.why || len(to.sizes) != c.pieces {
			t.Fatalf("%q: %v, %v, packets of %v bytes", c.words, v, why, to.sizes)
		}
		if v == engine.Forward {
			if at := announced(t, to.whole, text, media); at.Port() < 100 || slices.Max(to.sizes) > 1400 {
				t.Errorf("%v, packets of %v bytes", at, to.sizes)
			}
		}
	}
}
