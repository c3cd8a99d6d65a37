package sip

import (
	"net/netip"
	"testing"

	"portcullis/helpers"
	"portcullis/packet"
)

// translated are ends that the receiver sees as others, so that nothing of them is left
// out, with their texts, as the engine knows them.
func translated(src, dst netip.AddrPort) *helpers.Ends {
	e := helpers.EndsOf(src, dst, netip.AddrPort{}, netip.AddrPort{})
	return &e
}

// TestAllocations: reading costs no memory.
func TestAllocations(t *testing.T) {
	d := testCase{text: offer + answer}.dialogue(packet.ProtoUDP)
	var st helpers.State
	var f helpers.Findings
	segs := []helpers.Segment{
		{Dir: packet.Original, Proto: packet.ProtoUDP, Data: []byte(d.Turns[0].Text), Ends: translated(d.Client, d.Server), Final: true, State: &st},
		{Dir: packet.Reply, Proto: packet.ProtoUDP, Data: []byte(d.Turns[1].Text), Ends: translated(d.Server, d.Client), Final: true, State: &st},
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
	seg := helpers.Segment{Proto: packet.ProtoUDP, Data: []byte(d.Turns[0].Text), Ends: translated(d.Client, d.Server), Final: true, State: &st}
	for b.Loop() {
		f.Reset()
		inspect(&seg, &f)
	}
}
