package sip

import (
	"testing"

	"portcullis/helpers"
	"portcullis/packet"
)

// TestAllocations: reading costs no memory.
func TestAllocations(t *testing.T) {
	d := testCase{text: offer + answer}.dialogue(packet.ProtoUDP)
	var st helpers.State
	var f helpers.Findings
	segs := []helpers.Segment{
		{Dir: packet.Original, Proto: packet.ProtoUDP, Data: []byte(d.Turns[0].Text), Ends: &helpers.Ends{Src: d.Client, Dst: d.Server}, Final: true, State: &st},
		{Dir: packet.Reply, Proto: packet.ProtoUDP, Data: []byte(d.Turns[1].Text), Ends: &helpers.Ends{Src: d.Server, Dst: d.Client}, Final: true, State: &st},
	}
	if n := testing.AllocsPerRun(100, func() {
		for i := range segs {
			f.Reset()
			inspect(&segs[i], &f)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkInvite(b *testing.B) {
	d := testCase{text: offer}.dialogue(packet.ProtoUDP)
	var st helpers.State
	var f helpers.Findings
	seg := helpers.Segment{Proto: packet.ProtoUDP, Data: []byte(d.Turns[0].Text), Ends: &helpers.Ends{Src: d.Client, Dst: d.Server}, Final: true, State: &st}
	for b.Loop() {
		f.Reset()
		inspect(&seg, &f)
	}
}
