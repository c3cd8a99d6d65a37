package tcp

import (
	"encoding"
	"testing"
)

var (
	_ encoding.BinaryAppender    = (*Conn)(nil)
	_ encoding.BinaryUnmarshaler = (*Conn)(nil)
)

// again is c after it was written down and read.
func again(t *testing.T, c *Conn) (n Conn) {
	t.Helper()
	b, err := c.AppendBinary([]byte("before"))
	if err != nil || len(b) != len("before")+BinarySize {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if err := n.UnmarshalBinary(b[len("before"):]); err != nil {
		t.Fatalf("%+v: %v", *c, err)
	}
	return n
}

// Every field is kept: one that is forgotten is found by its being other than
// zero here.
func TestBinary(t *testing.T) {
	c := Conn{
		side: [2]side{{1 << 31, 2, 3, 4}, {5, 6, 7, mostReach}},
		isn:  0xfffffffe, flags: allFlags, win: 0xfffd, len: 0xfffc, shift: mostScale + 1, scale: [2]uint8{13, mostScale}, state: LastAck,
	}
	if n := again(t, &c); n != c {
		t.Errorf("got %+v, want %+v", n, c)
	}
	if n := again(t, &Conn{}); n != (Conn{}) {
		t.Errorf("got %+v of nothing", n)
	}
}

func TestBinaryRefuses(t *testing.T) {
	good, _ := (&Conn{state: Established}).AppendBinary(nil)
	for name, spoil := range map[string]func(b []byte) []byte{
		"short": func(b []byte) []byte { return b[1:] },
		"long":  func(b []byte) []byte { return append(b, 0) },
		"reach": func(b []byte) []byte { b[12] = 0x41; return b },
		"flags": func(b []byte) []byte { b[36] = 0x20; return b },
		"shift": func(b []byte) []byte { b[42] = mostScale + 2; return b },
		"scale": func(b []byte) []byte { b[44] = mostScale + 1; return b },
		"state": func(b []byte) []byte { b[45] = byte(LastAck) + 1; return b },
	} {
		was := PickUp(0, Segment{Seq: 7, Flags: ACK})
		c := was
		if err := c.UnmarshalBinary(spoil(append([]byte(nil), good...))); err == nil || c != was {
			t.Errorf("%s: %v, %+v", name, err, c)
		}
	}
}

// FuzzBinary: whatever is read can be written again, and tracks.
func FuzzBinary(f *testing.F) {
	good, _ := (&Conn{state: Established}).AppendBinary(nil)
	f.Add(good, uint8(ACK), uint32(1), uint32(2))
	f.Fuzz(func(t *testing.T, b []byte, flags uint8, seq, ack uint32) {
		var c Conn
		if c.UnmarshalBinary(b) != nil {
			return
		}
		if n, err := c.AppendBinary(nil); err != nil || string(n) != string(b) {
			t.Errorf("read %x, wrote %x", b, n)
		}
		for d := range uint8(2) {
			c.Track(d, &Segment{Seq: seq, Ack: ack, Flags: flags, Scale: 3, Window: 9}, Mode{})
		}
		again(t, &c)
	})
}
