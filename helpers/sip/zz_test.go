package sip

import (
	"testing"
	"net/netip"

	"portcullis/helpers"
	"portcullis/helpers/helpertest/corpus"
	"portcullis/packet"
)

func BenchmarkZZ(b *testing.B) {
	var segs []helpers.Segment
	for _, s := range corpus.All() {
		if s.Helper != "sip" || s.Name != "call" || s.Proto != packet.ProtoUDP {
			continue
		}
		v := &corpus.View{Me: netip.MustParseAddrPort("10.1.0.2:5060"), You: netip.MustParseAddrPort("10.2.0.2:5060")}
		_ = v
		for i, t := range s.Turns {
			_ = i
			src, dst := netip.MustParseAddrPort("10.1.0.2:5060"), netip.MustParseAddrPort("10.2.0.2:5060")
			if t.Dir == packet.Reply {
				src, dst = dst, src
			}
			segs = append(segs, helpers.Segment{Dir: t.Dir, Proto: packet.ProtoUDP, Data: []byte(t.Text(&corpus.View{Me: src, You: dst})), Src: src, Dst: dst, Final: true})
		}
	}
	var st helpers.State
	var f helpers.Findings
	for i := range segs {
		segs[i].State = &st
		segs[i].DstPlain = segs[i].Dir == 0
		segs[i].SrcPlain = segs[i].Dir == 1
	}
	for i := range segs {
		b.Run(string(segs[i].Data[:10]), func(b *testing.B) {
			for b.Loop() {
				f.Reset()
				inspect(&segs[i], &f)
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			for i := range segs {
				f.Reset()
				inspect(&segs[i], &f)
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N*len(segs)), "ns/each")
	})
}
