package engine_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/config"
	"portcullis/engine"
	"portcullis/helpers/helpertest/corpus"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// setting is how the hosts of a story are translated.
type setting struct {
	name           string
	v6, snat, dnat bool
	most           uint32            // outstanding expectations; 0: as the helper has it
	only           []config.PortSpan // the ports that may be announced; none: all
	unhelped       bool
	heralded       bool // a herald announces the control session
	acks           bool // over TCP each message is acknowledged by itself
}

// settings are all that a story is told in.
var settings = []setting{
	{name: "plain"},
	{name: "source NAT", snat: true},
	{name: "destination NAT", dnat: true},
	{name: "both", snat: true, dnat: true},
	{name: "IPv6", v6: true},
	{name: "IPv6, source NAT", v6: true, snat: true},
}

// ruleset is the configuration of a story's setting: the client is at port1, the
// server at port2, the control session alone is allowed, and one entry binds the helper.
// Addresses are longer on the other side of a translation.
func (c *setting) ruleset(t testing.TB, s *corpus.Story, names *engine.Names) *engine.Ruleset {
	t.Helper()
	text, to := rigInterfaces, `"all"`
	if c.dnat {
		to = `"server"`
		text += "[[firewall.vip]]\nname = \"server\"\nextip = \"198.51.100.100\"\nextintf = \"port1\"\nmappedip = \"10.2.0.2\"\n"
	}
	text += fmt.Sprintf("[[firewall.service.custom]]\nname = \"control\"\n%s-portrange = \"%d\"\n", packet.ProtoName(s.Proto), s.Server)
	policy := strings.NewReplacer(`dstaddr = "all"`, "dstaddr = "+to, `service = "ALL"`, `service = "control"`).Replace(rigPolicy)
	if c.snat {
		policy += "nat = \"enable\"\n"
		if !c.v6 {
			text += "[[firewall.ippool]]\nname = \"p\"\nstartip = \"203.0.113.113\"\nendip = \"203.0.113.113\"\n"
			policy += "ippool = \"enable\"\npoolname = [\"p\"]\n"
		}
	}
	cfg, bad := config.Parse("stage.toml", []byte(text+policy))
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	cfg.Helpers = nil
	if !c.unhelped {
		cfg.Helpers = []*config.SessionHelper{{
			ID: 1, Name: s.Helper, Protocol: s.Proto, Port: s.Server, Status: true, MaxExpectations: c.most, DataPorts: c.only,
		}}
	}
	if c.heralded {
		heralds(cfg, s, names)
	}
	inv := engine.Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1500}}
	rs, err := engine.Compile(cfg, inv, names, 1)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// stage is a firewall between the two hosts of a story.
type stage struct {
	*rig
	story *corpus.Story
	cast  *cast
	seq   [2]uint32                 // of what the ends send next, as they know it
	got   [2]uint32                 // and of what they wait for
	ports [2]map[uint16]uint16      // what announced ports are known as, by who announced
	sizes func(max int) (bytes int) // of the fragments of a datagram; nil: it is whole
}

// cast are the hosts: what they know themselves by, and each other.
type cast struct {
	own, peer [2]netip.AddrPort // by the direction of what they send
}

// newStage is one on which nothing has happened.
func newStage(t testing.TB, names *engine.Names, rules *engine.Ruleset, s *corpus.Story, c *setting, host byte) *stage {
	t.Helper()
	st := &stage{rig: &rig{names: names, rules: []*engine.Ruleset{rules}}, story: s}
	st.worker = engine.NewWorker(rules, 0, engine.Options{Seed: 1, Names: names})
	st.enter(c, host)
	return st
}

// enter has a client play from now on. What it is known as is not known yet.
func (st *stage) enter(c *setting, host byte) {
	own := [2]netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, host}), netip.MustParseAddr("10.2.0.2")}
	if c.v6 {
		own = [2]netip.Addr{netip.AddrFrom16([16]byte{0: 0xfd, 1: 1, 15: host}), netip.MustParseAddr("fd02::2")}
	}
	seen := own[1]
	if c.dnat {
		seen = netip.MustParseAddr("198.51.100.100")
	}
	s := st.story
	st.cast = &cast{
		own:  [2]netip.AddrPort{netip.AddrPortFrom(own[0], s.Client), netip.AddrPortFrom(own[1], s.Server)},
		peer: [2]netip.AddrPort{packet.Original: netip.AddrPortFrom(seen, s.Server)},
	}
	st.ports = [2]map[uint16]uint16{{}, {}}
}

// sent and read are how who sends in direction dir, and who receives that, see a turn.
func (st *stage) sent(dir packet.Dir) *corpus.View {
	return &corpus.View{Me: st.cast.own[dir], You: st.cast.peer[dir], Yours: st.known(dir.Other())}
}

func (st *stage) read(dir packet.Dir) *corpus.View {
	return &corpus.View{Me: st.cast.peer[dir.Other()], You: st.cast.own[dir.Other()], Mine: st.known(dir)}
}

// known is what a port is known as that who sends in direction dir announced.
func (st *stage) known(dir packet.Dir) func(uint16) uint16 {
	return func(port uint16) uint16 {
		if to, ok := st.ports[dir][port]; ok {
			return to
		}
		return port
	}
}

// learn notes what is expected.
func (st *stage) learn() {
	st.worker.Expectations(func(e *session.Expectation) bool {
		for dir := range st.cast.own {
			own, peer := st.cast.own[dir].Addr(), st.cast.own[1-dir].Addr()
			if e.Leave.Dst.Netip() == own && (e.Match.Src == packet.Addr{} || e.Match.Src.Netip() == peer) {
				st.ports[dir][e.Leave.DstPort] = e.Match.DstPort
			}
		}
		return true
	})
}

// expected are the expectations, as text.
func (st *stage) expected() []string {
	var all []string
	st.worker.Expectations(func(e *session.Expectation) bool {
		all = append(all, fmt.Sprintf("%v as %v from %v many %v tag %x", e.Match, e.Leave, e.Opener, e.Many, e.Tag))
		return true
	})
	slices.Sort(all)
	return all
}

// sides are the ports where packets of either direction arrive.
var sides = [2]string{"port1", "port2"}

// pass has a packet arrive that goes in direction dir, and returns those that leave
// on the other side, on, and on its own, back.
func (st *stage) pass(t testing.TB, dir packet.Dir, frame []byte) (on, back []*packet.Packet, why packet.Reason) {
	t.Helper()
	_, why = st.sendAlone(t, sides[dir], frame, packet.Offload{}, func(s *engine.Slot) {
		if s.Verdict != engine.Forward && s.Verdict != engine.Answer {
			return
		}
		p := new(packet.Packet)
		if why := p.Parse(slices.Clone(s.Frame), s.Offload); why != packet.ReasonNone || !p.ChecksumOK() {
			t.Fatalf("a packet left that is none: %v %x", why, s.Frame)
		}
		if st.names.Interface(s.Out) == sides[dir] {
			back = append(back, p)
		} else {
			on = append(on, p)
		}
	})
	return on, back, why
}

// frame is a packet from one endpoint to another, with a transport header of which
// ports and checksum are still to be written.
func frame(proto uint8, src, dst netip.AddrPort, transport, payload []byte) []byte {
	f := make([]byte, packet.EthernetSize, 1<<11)
	size := len(transport) + len(payload)
	a, b := src.Addr().AsSlice(), dst.Addr().AsSlice()
	if src.Addr().Is6() {
		f[12], f[13] = 0x86, 0xdd
		f = append(f, 0x60, 0, 0, 0, byte(size>>8), byte(size), proto, 64)
		f = append(append(f, a...), b...)
	} else {
		f[12] = 0x08
		size += header.IPv4MinimumSize
		f = append(f, 0x45, 0, byte(size>>8), byte(size), 0, 7, 0, 0, 64, proto, 0, 0)
		f = append(append(f, a...), b...)
		ip := header.IPv4(f[packet.EthernetSize:])
		ip.SetChecksum(^ip.CalculateChecksum())
	}
	l4 := len(f)
	f = append(append(f, transport...), payload...)
	binary.BigEndian.PutUint16(f[l4:], src.Port())
	binary.BigEndian.PutUint16(f[l4+2:], dst.Port())
	var p packet.Packet
	if why := p.Parse(f, packet.Offload{}); why != packet.ReasonNone {
		panic(why.String())
	}
	p.FixChecksum()
	return f
}

// udpFrame is a datagram.
func udpFrame(src, dst netip.AddrPort, text string) []byte {
	h := make([]byte, 8)
	binary.BigEndian.PutUint16(h[4:], uint16(len(h)+len(text)))
	return frame(packet.ProtoUDP, src, dst, h, []byte(text))
}

// segment is a TCP segment without options.
func segment(src, dst netip.AddrPort, seq, ack uint32, flags byte, text string) []byte {
	h := make([]byte, 20)
	binary.BigEndian.PutUint32(h[4:], seq)
	binary.BigEndian.PutUint32(h[8:], ack)
	h[12], h[13], h[14] = 0x50, flags, 0xff
	return frame(packet.ProtoTCP, src, dst, h, []byte(text))
}

// meet notes what the server knows the client by.
func (st *stage) meet(p *packet.Packet) {
	st.cast.peer[packet.Reply] = netip.AddrPortFrom(p.Key.Src.Netip(), p.Key.SrcPort)
}

// open opens the control session: what the first packet of the opener is known as is
// learnt from it.
func (st *stage) open(t testing.TB) {
	t.Helper()
	if st.story.Proto != packet.ProtoTCP {
		return
	}
	st.seq, st.got = [2]uint32{0xffffff00, 77}, [2]uint32{}
	st.tell(t, packet.Original, packet.TCPSyn, "")
	st.tell(t, packet.Reply, packet.TCPSyn|packet.TCPAck, "")
	st.tell(t, packet.Original, packet.TCPAck, "")
}

// tell sends one segment and returns what arrived of it.
func (st *stage) tell(t testing.TB, dir packet.Dir, flags byte, text string) string {
	t.Helper()
	on, _, why := st.pass(t, dir, segment(st.cast.own[dir], st.cast.peer[dir], st.seq[dir], st.got[dir], flags, text))
	if len(on) == 0 {
		t.Fatalf("%v: %q: nothing arrived: %v", dir, text, why)
	}
	there := dir.Other()
	st.seq[dir] += uint32(len(text))
	got := ""
	for _, p := range on {
		if flags == packet.TCPSyn {
			st.meet(p)
		}
		h := p.TCP()
		if flags&packet.TCPSyn != 0 {
			st.got[there] = h.SequenceNumber()
		} else if h.SequenceNumber() != st.got[there] {
			t.Fatalf("%v: %q arrived at %d, not at %d", dir, p.Data(), h.SequenceNumber(), st.got[there])
		}
		st.got[there] += uint32(len(p.Data()))
		got += string(p.Data())
		if flags&packet.TCPAck != 0 && h.AckNumber() != st.seq[there] {
			t.Fatalf("%v: %d is acknowledged, not %d", dir, h.AckNumber(), st.seq[there])
		}
	}
	if flags&packet.TCPSyn != 0 {
		st.seq[dir]++
		st.got[there]++
	}
	return got
}

// say has a turn said, and returns what arrived.
func (st *stage) say(t testing.TB, turn *corpus.Turn) string {
	t.Helper()
	text := turn.Text(st.sent(turn.Dir))
	if st.story.Proto == packet.ProtoTCP {
		got := st.tell(t, turn.Dir, packet.TCPPsh|packet.TCPAck, text)
		st.tell(t, turn.Dir.Other(), packet.TCPAck, "")
		return got
	}
	return st.datagram(t, turn.Dir, text)
}

// datagram sends one, perhaps in fragments, and returns what arrived.
func (st *stage) datagram(t testing.TB, dir packet.Dir, text string) string {
	t.Helper()
	whole := udpFrame(st.cast.own[dir], st.cast.peer[dir], text)
	var arrived *packet.Packet
	for _, part := range st.parts(whole) {
		on, _, why := st.pass(t, dir, part)
		if why != packet.ReasonNone || len(on) > 1 {
			t.Fatalf("%v: %q became %d packets: %v", dir, text, len(on), why)
		}
		if len(on) == 1 {
			arrived = on[0]
		}
	}
	if arrived == nil {
		t.Fatalf("%v: %q did not arrive", dir, text)
	}
	if dir == packet.Original {
		st.meet(arrived)
	}
	return string(arrived.Data())
}

// parts cuts a datagram.
func (st *stage) parts(whole []byte) [][]byte {
	if st.sizes == nil {
		return [][]byte{whole}
	}
	var p packet.Packet
	p.Parse(whole, packet.Offload{})
	p.FragmentID = 7
	var all [][]byte
	l3 := len(whole) - int(p.L3)
	packet.Fragment(&p, max(80, st.sizes(l3)), func(f []byte) { all = append(all, append(make([]byte, 0, 1<<11), f...)) })
	return all
}

// arrives opens a flow to where who sends in direction dir waits, from a port of its
// peer, and says whether it arrives there.
func (st *stage) arrives(t testing.TB, dir packet.Dir, f corpus.Flow, from uint16) bool {
	t.Helper()
	there := dir.Other()
	src := netip.AddrPortFrom(st.cast.own[there].Addr(), from)
	dst := netip.AddrPortFrom(st.cast.peer[there].Addr(), st.known(dir)(f.Port))
	var b []byte
	switch f.Proto {
	case packet.ProtoTCP:
		b = segment(src, dst, 1, 0, packet.TCPSyn, "")
	case packet.ProtoUDP:
		b = udpFrame(src, dst, "media")
	default:
		b = packettest.Frame(fmt.Sprintf("gre %v > %v call %d seq 1 len 40", src.Addr(), dst.Addr(), dst.Port()))
	}
	on, _, _ := st.pass(t, there, b)
	return len(on) == 1 && on[0].Key.Dst.Netip() == st.cast.own[dir].Addr() && on[0].Key.Proto == f.Proto &&
		(f.Proto == packet.ProtoGRE || on[0].Key.DstPort == f.Port)
}
