package dns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// rr is a record in bytes. The owner is written out, or where it is empty a pointer
// to the question's name.
func rr(owner string, typ, class uint16, ttl uint32, data string) string {
	b := []byte{0xc0, headerSize}
	if owner != "" {
		b = []byte(wireName(owner))
	}
	b = binary.BigEndian.AppendUint16(b, typ)
	b = binary.BigEndian.AppendUint16(b, class)
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return string(b) + data
}

func wireName(name string) (s string) {
	for _, l := range strings.Split(name, ".") {
		s += string(byte(len(l))) + l
	}
	return s + "\x00"
}

func v4(a string) string { return string(netip.MustParseAddr(a).AsSlice()) }

// answering is an answer to a question for name with those records.
func answering(flags uint16, name string, records ...string) string {
	return message(7, flags, [4]uint16{1, uint16(len(records))}, question(name, typeA)+strings.Join(records, ""))
}

func resolved(msg string) string {
	var all []string
	resolve([]byte(msg), func(name string, a netip.Addr, ttl time.Duration) {
		all = append(all, fmt.Sprint(name, " ", a, " ", ttl))
	})
	return strings.Join(all, ", ")
}

func TestResolve(t *testing.T) {
	const ok = 0x8180
	loop := answering(ok, "a.example", rr("a.example", typeCNAME, 1, 60, wireName("b.example")), rr("b.example", typeCNAME, 1, 60, wireName("a.example")))
	for _, c := range []struct{ name, msg, want string }{
		{"one", answering(ok, "WWW.Example", rr("", typeA, 1, 60, v4("192.0.2.1"))), "www.example 192.0.2.1 1m0s"},
		{"several", answering(ok, "a.example", rr("", typeA, 1, 60, v4("192.0.2.1")), rr("", typeA, 1, 30, v4("192.0.2.2"))), "a.example 192.0.2.1 1m0s, a.example 192.0.2.2 30s"},
		{"IPv6", answering(ok, "a.example", rr("", typeAAAA, 1, 60, v4("2001:db8::1"))), "a.example 2001:db8::1 1m0s"},
		{"mapped", answering(ok, "a.example", rr("", typeAAAA, 1, 60, v4("::ffff:192.0.2.1"))), "a.example 192.0.2.1 1m0s"},
		{"an alias, whatever stands first", answering(ok, "a.example", rr("b.example", typeA, 1, 60, v4("192.0.2.1")), rr("", typeCNAME, 1, 20, wireName("b.example"))), "a.example 192.0.2.1 20s"},
		{"aliases", answering(ok, "a.example", rr("", typeCNAME, 1, 60, wireName("b.example")), rr("b.example", typeCNAME, 1, 60, "\x01c\xc0\x0e"), rr("c.example", typeA, 1, 60, v4("192.0.2.1"))), "a.example 192.0.2.1 1m0s"},
		{"aliases in a circle", loop, ""},
		{"another name", answering(ok, "a.example", rr("b.example", typeA, 1, 60, v4("192.0.2.1"))), ""},
		{"another class", answering(ok, "a.example", rr("", typeA, 3, 60, v4("192.0.2.1"))), ""},
		{"no address", answering(ok, "a.example", rr("", typeA, 1, 60, "abc"), rr("", 16, 1, 60, "abcd")), ""},
		{"a time beyond all", answering(ok, "a.example", rr("", typeA, 1, 1<<31, v4("192.0.2.1"))), "a.example 192.0.2.1 0s"},
		{"a question", answering(0x0100, "a.example", rr("", typeA, 1, 60, v4("192.0.2.1"))), ""},
		{"no such name", answering(0x8183, "a.example", rr("", typeA, 1, 60, v4("192.0.2.1"))), ""},
		{"the root", answering(ok, "", rr("", typeA, 1, 60, v4("192.0.2.1"))), ""},
		{"a pointer to itself", answering(ok, "a.example", "\xc0\x1b"+rr("", typeA, 1, 60, v4("192.0.2.1"))[2:]), ""},
		{"a dot in a label", answering(ok, "a.example", rr("", typeCNAME, 1, 60, "\x03a.b\x00"), rr("a.b", typeA, 1, 60, v4("192.0.2.1"))), ""},
		{"cut short", strings.TrimSuffix(answering(ok, "a.example", rr("", typeA, 1, 60, v4("192.0.2.1")), rr("", typeA, 1, 60, v4("192.0.2.2"))), "\x02"), "a.example 192.0.2.1 1m0s"},
	} {
		if got := resolved(c.msg); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// hearer counts the answers that it is told of.
type hearer struct {
	helpertest.Translator
	heard []string
}

func (h *hearer) Answer(msg []byte) { h.heard = append(h.heard, resolved(string(msg))) }

// An answer counts once, to a question that was asked, and over TCP where it is in
// one segment.
func TestAnswers(t *testing.T) {
	ask := func(id uint16, name string) string { return query(id, name, typeA) }
	tell := func(id uint16, name string) string { return answer(id, name, typeA) }
	const a, b = "a.example 192.0.2.1 1m0s", "b.example 192.0.2.1 1m0s"
	c, s := helpertest.Client, helpertest.Server
	for _, x := range []struct {
		name  string
		proto uint8
		turns []helpertest.Turn
		want  string
	}{
		{"asked", packet.ProtoUDP, []helpertest.Turn{c(ask(7, "a.example")), s(tell(7, "a.example")), s(tell(7, "a.example"))}, a},
		{"not asked", packet.ProtoUDP, []helpertest.Turn{c(ask(7, "a.example")), s(tell(7, "b.example")), s(tell(8, "a.example"))}, ""},
		{"asked", packet.ProtoTCP, []helpertest.Turn{c(framed(ask(7, "a.example"))), s(framed(tell(7, "a.example")) + framed(tell(7, "a.example")))}, a},
		{"not asked", packet.ProtoTCP, []helpertest.Turn{c(framed(ask(7, "a.example"))), s(framed(tell(7, "b.example")) + framed(tell(8, "a.example")))}, ""},
		{"two at once", packet.ProtoTCP, []helpertest.Turn{c(framed(ask(7, "a.example")) + framed(ask(8, "b.example"))), s(framed(tell(8, "b.example")) + framed(tell(7, "a.example")))}, b + "; " + a},
		{"the server asks", packet.ProtoTCP, []helpertest.Turn{c(framed(ask(7, "a.example"))), s(framed(ask(8, "b.example"))), c(framed(tell(8, "b.example")))}, ""},
	} {
		h := &UDP
		if x.proto == packet.ProtoTCP {
			h = &TCP
		}
		var ann hearer
		ann.Off = true
		var st helpers.State
		var out helpers.Output
		var ctl helpers.Control
		ctl.Reset(h)
		seqs := [2]uint32{100, 900}
		if x.proto == packet.ProtoTCP {
			for dir, flags := range []uint8{packet.TCPSyn, packet.TCPSyn | packet.TCPAck} {
				ctl.Segment(&helpers.TCPSegment{Dir: packet.Dir(dir), Seq: seqs[dir], Ack: seqs[1-dir] + 1, Flags: flags}, &ann, &out)
				seqs[dir]++
			}
		}
		for _, turn := range x.turns {
			if x.proto == packet.ProtoUDP {
				helpers.ReadDatagram(h, &st, &helpers.Datagram{Dir: turn.Dir, Ends: &helpers.Ends{Src: here, Dst: there}, Payload: []byte(turn.Text)}, &ann, &out)
				continue
			}
			ctl.Segment(&helpers.TCPSegment{Dir: turn.Dir, Ends: &helpers.Ends{Src: here, Dst: there}, Seq: seqs[turn.Dir], Ack: seqs[turn.Dir.Other()], Flags: packet.TCPAck, Payload: []byte(turn.Text)}, &ann, &out)
			seqs[turn.Dir] += uint32(len(turn.Text))
		}
		if got := strings.Join(ann.heard, "; "); got != x.want {
			t.Errorf("%s, protocol %d: %q, want %q", x.name, x.proto, got, x.want)
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add([]byte(answering(0x8180, "a.example", rr("", typeCNAME, 1, 60, wireName("b.example")), rr("b.example", typeA, 1, 60, v4("192.0.2.1")))))
	f.Fuzz(func(t *testing.T, msg []byte) {
		resolve(msg, func(name string, a netip.Addr, ttl time.Duration) {
			if name == "" || len(name) > 253 || name != strings.ToLower(name) || !a.IsValid() || a.Is4In6() || ttl < 0 {
				t.Errorf("%q %v %v", name, a, ttl)
			}
		})
	})
}
