package helpers_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// toy is a protocol made for the framework's own tests: lines. "P<port>" announces
// a port of its sender, but every fifth does not; "C" cancels, "!" is foreign.
var toy = helpers.Helper{
	Name: "toy", Protocols: []uint8{packet.ProtoTCP}, MaxExpects: 8, MaxHold: 200,
	Inspect: inspectToy,
	Spell: func(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte {
		return strconv.AppendUint(dst, uint64(to.Port()), 10)
	},
}

func inspectToy(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	at := 0
	for at < len(seg.Data) {
		n := bytes.IndexByte(seg.Data[at:], '\n')
		if n < 0 {
			if seg.Final {
				return helpers.Read
			}
			f.Consumed = at
			return helpers.Partial
		}
		line := seg.Data[at : at+n]
		switch {
		case n == 0:
		case line[0] == '!':
			if at > 0 {
				f.Consumed = at
				return helpers.More
			}
			f.Why = "toy is over"
			return helpers.Foreign
		case line[0] == 'C':
			if at > 0 {
				f.Consumed = at
				return helpers.More
			}
			f.Cancel = true
		case line[0] == 'P':
			port, err := strconv.ParseUint(string(line[1:]), 10, 16)
			if err != nil || port == 0 {
				break
			}
			found := 0
			for range f.Expects {
				found++
			}
			if found == 1 {
				f.Consumed = at
				return helpers.More
			}
			if seg.State[0]++; seg.State[0]%5 == 0 {
				break
			}
			f.Announce(helpers.Expect{
				Proto: packet.ProtoTCP, Endpoint: netip.AddrPortFrom(seg.Src.Addr(), uint16(port)),
				Edit: helpers.Edit{Off: at + 1, Len: n - 1},
			})
		}
		at += n + 1
	}
	return helpers.Read
}

// chatter makes a random dialogue of the toy protocol.
func chatter(rnd *rand.Rand) helpertest.Dialogue {
	var d helpertest.Dialogue
	foreign := rnd.IntN(8) == 0
	for turn := range 1 + rnd.IntN(6) {
		dir := packet.Dir(rnd.IntN(2))
		text := ""
		for range 1 + rnd.IntN(16) {
			switch r := rnd.IntN(10); {
			case r < 6:
				text += fmt.Sprintf("P%d\n", 1+rnd.IntN(1<<uint(1+rnd.IntN(16)))%65535)
			case r < 7:
				text += "C\n"
			case r < 8 && foreign && turn > 2:
				text += "!\n"
			default:
				text += "xyzxyzxyzxyzxyzxyzxyzxyzxyz"[:rnd.IntN(27)] + "\n"
			}
		}
		d.Turns = append(d.Turns, helpertest.Turn{Dir: dir, Text: text})
	}
	return d
}

// TestCorrections is the property test of the framework: random dialogues over
// random networks against the model.
func TestCorrections(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	for seed := range uint64(n) {
		d := chatter(rand.New(rand.NewPCG(seed, 1)))
		if err := helpertest.Network(&toy, d, seed); err != nil {
			t.Fatalf("seed %d: %v\n%q", seed, err, d.Turns)
		}
	}
}

// FuzzCorrections lets the fuzzer choose dialogue and network.
func FuzzCorrections(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, words, network uint64) {
		d := chatter(rand.New(rand.NewPCG(words, 1)))
		if err := helpertest.Network(&toy, d, network); err != nil {
			t.Fatalf("%v\n%q", err, d.Turns)
		}
	})
}
