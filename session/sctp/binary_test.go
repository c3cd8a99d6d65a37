package sctp

import (
	"encoding"
	"testing"
)

var (
	_ encoding.BinaryAppender    = (*Assoc)(nil)
	_ encoding.BinaryUnmarshaler = (*Assoc)(nil)
)

// again is a after it was written down and read.
func again(t *testing.T, a *Assoc) (n Assoc) {
	t.Helper()
	b, err := a.AppendBinary([]byte("before"))
	if err != nil || len(b) != len("before")+BinarySize {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if err := n.UnmarshalBinary(b[len("before"):]); err != nil {
		t.Fatalf("%+v: %v", *a, err)
	}
	return n
}

// Every field is kept: one that is forgotten is found by its being other than
// zero here.
func TestBinary(t *testing.T) {
	a := Assoc{
		live: pair{1, 2}, former: pair{3, 1 << 31}, offers: [2]offers{{4, 5, 6}, {7, 8, 0xfffffffe}},
		echo: [2]echo{echoLive, 3}, state: ShutdownAckSent, was: Closed, picked: true,
	}
	if n := again(t, &a); n != a {
		t.Errorf("got %+v, want %+v", n, a)
	}
	if n := again(t, &Assoc{}); n != (Assoc{}) {
		t.Errorf("got %+v of nothing", n)
	}
}

func TestBinaryRefuses(t *testing.T) {
	good, _ := (&Assoc{state: Established}).AppendBinary(nil)
	for name, spoil := range map[string]func(b []byte) []byte{
		"short":  func(b []byte) []byte { return b[1:] },
		"long":   func(b []byte) []byte { return append(b, 0) },
		"echo":   func(b []byte) []byte { b[41] = byte(echoLive) + 1; return b },
		"state":  func(b []byte) []byte { b[42] = byte(ShutdownAckSent) + 1; return b },
		"was":    func(b []byte) []byte { b[43] = byte(ShutdownAckSent) + 1; return b },
		"picked": func(b []byte) []byte { b[44] = 2; return b },
	} {
		was := PickUp(0, &Packet{Tag: 7})
		a := was
		if err := a.UnmarshalBinary(spoil(append([]byte(nil), good...))); err == nil || a != was {
			t.Errorf("%s: %v, %+v", name, err, a)
		}
	}
}

// FuzzBinary: whatever is read can be written again, and tracks.
func FuzzBinary(f *testing.F) {
	good, _ := (&Assoc{state: Established}).AppendBinary(nil)
	f.Add(good, uint8(Init), uint32(1), uint32(2))
	f.Fuzz(func(t *testing.T, b []byte, kind uint8, tag, offer uint32) {
		var a Assoc
		if a.UnmarshalBinary(b) != nil {
			return
		}
		if n, err := a.AppendBinary(nil); err != nil || string(n) != string(b) {
			t.Errorf("read %x, wrote %x", b, n)
		}
		for d := range uint8(2) {
			p := Packet{Tag: tag}
			p.Add(kind&15, kind>>4&1, offer)
			a.Track(d, &p)
		}
		again(t, &a)
	})
}
