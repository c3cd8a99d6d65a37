package helpers

import "portcullis/packet"

// endFlags belong to the last of several segments only.
const endFlags = packet.TCPFin | packet.TCPPsh | packet.TCPRst

// emit sends on the original bytes [lo, hi) as the corrections have them, in as
// many segments as they take. raw holds bytes from rawLo on, nil the payload of
// seg itself. again says that the sender repeats something.
func (s *stream) emit(seg *TCPSegment, flags uint8, lo, hi uint32, raw []byte, rawLo uint32, again bool, out *Output) {
	fin := flags&packet.TCPFin != 0
	if lo != hi || fin {
		lo, hi = s.fix.span(lo, hi, again)
	}
	if s.fix.folded && before(lo, s.fix.acked) {
		// What lies below was rewritten and is forgotten; the receiver has it.
		lo = s.fix.acked
		if before(hi, lo) {
			lo = hi
		}
		if lo == hi && !fin {
			s.probe(seg, flags, out)
			return
		}
	}
	o := Out{Seq: s.fix.forward(lo), Payload: seg.Payload, Flags: flags, Urgent: seg.Urgent}
	switch {
	case lo == hi:
		o.Payload, o.Changed = nil, len(seg.Payload) > 0
	case raw != nil || s.fix.touches(lo, hi):
		if raw == nil {
			raw = seg.Payload
		}
		out.text = s.fix.render(out.text[:0], lo, hi, raw, rawLo)
		o.Payload, o.Changed = out.text, true
	case int(hi-lo) != len(seg.Payload):
		o.Payload, o.Changed = seg.Payload[lo-rawLo:hi-rawLo], true
	}
	if len(o.Payload) == 0 && !fin {
		o.Flags &^= packet.TCPPsh
	}
	if flags&packet.TCPSyn != 0 {
		o.Seq--
	}
	s.cut(o, seg, out)
}

// probe stands for a repetition of which nothing is left: the receiver answers it
// with its acknowledgement (RFC 9293 section 3.8.4).
func (s *stream) probe(seg *TCPSegment, flags uint8, out *Output) {
	flags &^= packet.TCPPsh | packet.TCPUrg | packet.TCPSyn
	out.add(Out{Seq: s.fix.forward(s.fix.acked) - 1, Flags: flags, Changed: len(seg.Payload) > 0})
}

// cut adds o to out, in pieces where it is longer than the path is known to take: what
// every path does, or as much as has just come. The sender knows the path and would
// send the same again if it heard that the firewall has made it too long.
func (s *stream) cut(o Out, seg *TCPSegment, out *Output) {
	limit := max(len(seg.Payload), minMSS, (len(o.Payload)+MaxOut-1)/MaxOut)
	limit = min(limit, MaxPayload)
	urgent := s.fix.forward(seg.Seq + uint32(seg.Urgent))
	for {
		piece := o
		if len(o.Payload) > limit {
			piece.Payload, piece.Changed = o.Payload[:limit], true
			piece.Flags &^= endFlags
		}
		if o.Changed && piece.Flags&packet.TCPUrg != 0 {
			piece.Urgent = uint16(min(urgent-piece.Seq, 65535))
			if !before(piece.Seq, urgent) {
				piece.Flags &^= packet.TCPUrg
			}
		}
		if !out.add(piece) || len(o.Payload) <= limit {
			return
		}
		o.Payload, o.Changed = o.Payload[limit:], true
		o.Seq = piece.Seq + uint32(limit)
		if piece.Flags&packet.TCPSyn != 0 {
			o.Seq++
			o.Flags &^= packet.TCPSyn
		}
	}
}
