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
	o := out.next()
	if o == nil {
		return
	}
	o.Seq, o.Payload, o.Flags, o.Urgent, o.Changed = s.fix.forward(lo), seg.Payload, flags, seg.Urgent, false
	switch {
	case lo == hi:
		o.Payload, o.Changed = nil, len(seg.Payload) > 0
	case raw != nil || s.fix.touches(lo, hi):
		o.Payload, o.Changed = s.rewrite(seg, lo, hi, raw, rawLo, out), true
	case int(hi-lo) != len(seg.Payload):
		o.Payload, o.Changed = seg.Payload[lo-rawLo:hi-rawLo], true
	}
	if len(o.Payload) == 0 && !fin {
		o.Flags &^= packet.TCPPsh
	}
	if flags&packet.TCPSyn != 0 {
		o.Seq--
	}
	if len(o.Payload) > len(seg.Payload) || flags&packet.TCPUrg != 0 {
		s.cut(o, seg, out)
	}
}

// rewrite is what [lo, hi) is sent as, which may be written over the payload of seg.
func (s *stream) rewrite(seg *TCPSegment, lo, hi uint32, raw []byte, rawLo uint32, out *Output) []byte {
	if raw == nil {
		raw = seg.Payload
		if from, to := lo-rawLo, hi-rawLo; from <= to && to <= uint32(len(raw)) {
			if p, ok := s.fix.splice(raw[from:to], lo, hi); ok {
				return p
			}
		}
	}
	out.text = s.fix.render(out.text[:0], lo, hi, raw, rawLo)
	return out.text
}

// probe stands for a repetition of which nothing is left: the receiver answers it
// with its acknowledgement (RFC 9293 section 3.8.4).
func (s *stream) probe(seg *TCPSegment, flags uint8, out *Output) {
	flags &^= packet.TCPPsh | packet.TCPUrg | packet.TCPSyn
	out.add(Out{Seq: s.fix.forward(s.fix.acked) - 1, Flags: flags, Changed: len(seg.Payload) > 0})
}

// cut makes pieces of o, the last of out, where it is longer than the path is known to
// take: what every path does, or as much as has just come. The sender knows the path and
// would send the same again if it heard that the firewall has made it too long.
func (s *stream) cut(o *Out, seg *TCPSegment, out *Output) {
	limit := max(len(seg.Payload), minMSS, (len(o.Payload)+MaxOut-1)/MaxOut)
	limit = min(limit, MaxPayload)
	urgent := s.fix.forward(seg.Seq + uint32(seg.Urgent))
	for {
		rest := *o
		if len(o.Payload) > limit {
			o.Payload, o.Changed = o.Payload[:limit], true
			o.Flags &^= endFlags
		}
		if rest.Changed && o.Flags&packet.TCPUrg != 0 {
			o.Urgent = uint16(min(urgent-o.Seq, 65535))
			if !before(o.Seq, urgent) {
				o.Flags &^= packet.TCPUrg
			}
		}
		if len(rest.Payload) <= limit {
			return
		}
		rest.Payload, rest.Changed = rest.Payload[limit:], true
		rest.Seq = o.Seq + uint32(limit)
		if o.Flags&packet.TCPSyn != 0 {
			rest.Seq++
			rest.Flags &^= packet.TCPSyn
		}
		if o = out.next(); o == nil {
			return
		}
		*o = rest
	}
}
