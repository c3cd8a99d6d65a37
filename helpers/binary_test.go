package helpers

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"portcullis/packet"
)

var _ encoding.BinaryAppender = (*Control)(nil)

// fullControl has something in every field.
func fullControl() *Control {
	c := &Control{}
	c.Reset(nil)
	c.open, c.why, c.state = true, "for a reason", State{1, 2, 63: 64}
	for i := range c.dirs {
		s := &c.dirs[i]
		*s = stream{
			isn: 100, next: 1000, released: 990, promised: 995, window: 77, synced: true, fin: i == 1, owes: true,
			buf: []byte("twelve bytes"),
			fix: corrections{base: 5, acked: 200, folded: true, n: 2},
		}
		s.fix.list[0] = correction{seq: 300, n: 3, text: []byte("text"), sticky: true}
		s.fix.list[1] = correction{seq: 303, n: 600, text: nil}
	}
	return c
}

// Every field is kept: one that is forgotten is found by reflection.
func TestControlBinary(t *testing.T) {
	c := fullControl()
	b, err := c.AppendBinary([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	var n Control
	if err := n.Restore(nil, bytes.TrimPrefix(b, []byte("before"))); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*c, n) {
		t.Errorf("got %+v\nwant %+v", n, *c)
	}
	set := func(v reflect.Value, path string) {
		if v.IsZero() && !strings.HasSuffix(path, "helper") && !strings.HasSuffix(path, "fin") {
			t.Errorf("%s is zero: this test does not see it", path)
		}
	}
	walk(reflect.ValueOf(*c), "Control", set)
}

func walk(v reflect.Value, path string, f func(reflect.Value, string)) {
	switch {
	case v.Kind() == reflect.Struct && !strings.HasSuffix(path, "list"):
		for i := range v.NumField() {
			walk(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case v.Kind() == reflect.Array && v.Type() == reflect.TypeFor[[2]stream]():
		walk(v.Index(0), path, f)
	default:
		f(v, path)
	}
}

// What ends early is refused, wherever that is, and what goes on too long.
func TestControlCutShort(t *testing.T) {
	b, _ := fullControl().AppendBinary(nil)
	for n := range len(b) {
		var c Control
		if err := c.Restore(nil, b[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken", n, len(b))
		}
	}
	var c Control
	if err := c.Restore(nil, append(b, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
}

func TestControlRefuses(t *testing.T) {
	for name, spoil := range map[string]func(s *stream){
		"acked":       func(s *stream) { s.fix.acked = 992 },
		"released":    func(s *stream) { s.released = 1001; s.owes = false },
		"held":        func(s *stream) { s.buf = s.buf[:9] },
		"promised":    func(s *stream) { s.promised = 1001 },
		"kept":        func(s *stream) { s.promised = 200 },
		"overlap":     func(s *stream) { s.fix.list[1].seq = 302 },
		"order":       func(s *stream) { s.fix.list[0].seq = 903 },
		"below":       func(s *stream) { s.fix.list[0].seq = 199 },
		"beyond":      func(s *stream) { s.fix.list[1].n = 698 },
		"empty":       func(s *stream) { s.fix.list[0].n = 0 },
		"full":        func(s *stream) { fill(s) },
		"not started": func(s *stream) { s.synced = false },
	} {
		c := fullControl()
		spoil(&c.dirs[0])
		b, _ := c.AppendBinary(nil)
		if err := c.Restore(nil, b); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

// fill makes all corrections of s used.
func fill(s *stream) {
	for i := range s.fix.list {
		s.fix.list[i] = correction{seq: 300 + uint32(i), n: 1}
	}
	s.fix.n = maxEntries
}

// A helper is not given a memory that it would stumble over.
func TestControlSound(t *testing.T) {
	h := &Helper{Name: "odd", Sound: func(s *State) bool { return s[0] != 1 }}
	b, _ := fullControl().AppendBinary(nil)
	b[0] = binaryOpen // not blind
	var c Control
	if err := c.Restore(h, b); err == nil || c.state != (State{}) || c.Helper() != h {
		t.Errorf("%v, %v", err, c.state)
	}
}

// A helper may be detached by one side while bytes of the other are promised and
// held, and no correction has room.
func TestDetachedWhileFull(t *testing.T) {
	for n := range maxCorrections + 1 {
		var c Control
		c.Reset(nil)
		st := &c.dirs[0]
		st.sync(99)
		c.dirs[1].sync(499)
		st.next, st.released, st.promised, st.owes, st.buf = 1010, 1000, 1010, true, []byte("0123456789")
		for i := range n {
			st.fix.add(200+uint32(i), 1, []byte("x"))
		}
		b, _ := c.AppendBinary(nil)
		if err := c.Restore(nil, b); err != nil {
			t.Fatal(err)
		}
		var out Output
		c.Segment(&TCPSegment{Seq: 1010, Ack: 500, Flags: packet.TCPAck, Payload: []byte("abc")}, anyone{}, &out)
		if len(out.Out()) != 1 || string(out.Out()[0].Payload) != "0123456789abc" {
			t.Errorf("%d corrections: %+v", n, out.Out())
		}
	}
}

// FuzzControlBinary: whatever is read can be written again and goes on without
// stumbling.
func FuzzControlBinary(f *testing.F) {
	good, _ := fullControl().AppendBinary(nil)
	good[0] = binaryOpen
	f.Add(good, uint64(1))
	empty, _ := (&Control{}).AppendBinary(nil)
	f.Add(empty, uint64(2))
	h := &Helper{Name: "half", MaxHold: 200, MaxExpects: 1, Inspect: halfReader, Spell: func(dst, orig []byte, _ Edit, _ netip.AddrPort) []byte {
		return append(append(dst, orig...), "and more"...)
	}}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		var c Control
		if c.Restore(h, b) != nil {
			return
		}
		n, err := c.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var again Control
		if err := again.Restore(h, n); err != nil {
			t.Fatalf("%x: %v", n, err)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		var out Output
		for range 40 {
			c.Segment(nearby(r, &c), anyone{}, &out)
			for _, o := range out.Out() {
				if len(o.Payload) > MaxPayload {
					t.Fatalf("%d bytes", len(o.Payload))
				}
			}
		}
	})
}

// nearby is a segment about the marks of c.
func nearby(r *rand.Rand, c *Control) *TCPSegment {
	dir := packet.Dir(r.IntN(2))
	st, peer := &c.dirs[dir], &c.dirs[1-dir]
	from := []uint32{st.next, st.released, st.promised, st.fix.acked, st.fix.list[0].seq, st.isn, r.Uint32()}[r.IntN(7)]
	hdr := make([]byte, 20)
	binary.BigEndian.PutUint32(hdr, r.Uint32())
	return &TCPSegment{
		Dir: dir, Seq: from + uint32(r.IntN(40)) - 20, Ack: peer.fix.forward(peer.end()) - uint32(r.IntN(40)),
		Flags:   []uint8{packet.TCPAck, packet.TCPAck, packet.TCPAck | packet.TCPFin, packet.TCPSyn, packet.TCPRst}[r.IntN(5)],
		Payload: bytes.Repeat([]byte("a.b"), 30)[r.IntN(90):],
	}
}

// halfReader reads up to dots, and finds something to rewrite before each.
func halfReader(seg *Segment, f *Findings) Status {
	n := bytes.IndexByte(seg.Data, '.')
	if n < 0 || n == 0 {
		return Read
	}
	f.Announce(Expect{Edit: Edit{Off: 0, Len: n}})
	f.Consumed = n + 1
	if seg.Final {
		return Read
	}
	return Partial
}

// anyone is an Announcer that rewrites everything.
type anyone struct{}

// Announce has another endpoint written.
func (anyone) Announce(packet.Dir, Expect) (netip.AddrPort, bool) {
	return netip.MustParseAddrPort("192.0.2.1:1"), true
}

// Cancel does nothing.
func (anyone) Cancel() {}

func (anyone) CancelTag(uint32) {}

func (anyone) EndTag(uint32) {}
func (anyone) Answer([]byte) {}

func (anyone) Renew(uint32, time.Duration) {}

func (anyone) Known(_ packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) { return ap, true }

// MayRewrite is always so.
func (anyone) MayRewrite(packet.Dir) bool { return true }

func (anyone) Witness() Witness { return nil }
