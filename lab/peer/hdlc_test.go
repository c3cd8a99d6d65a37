package peer

import (
	"bytes"
	"testing"
)

func TestFrame(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	var d Deframer
	var got [][]byte
	keep := func(p []byte) { got = append(got, bytes.Clone(p)) }
	for _, b := range append(Frame(all), Frame([]byte("second"))...) { // byte by byte
		d.Read([]byte{b}, keep)
	}
	damaged := Frame([]byte("third"))
	damaged[3] ^= 1
	d.Read(damaged, keep)
	if len(got) != 2 || !bytes.Equal(got[0], all) || string(got[1]) != "second" {
		t.Errorf("read %q", got)
	}
	// The example of RFC 1662 does not tell a sum; X.25's is known.
	if sum := ^fcs([]byte("123456789")); sum != 0x906e {
		t.Errorf("sum %#x", sum)
	}
}
