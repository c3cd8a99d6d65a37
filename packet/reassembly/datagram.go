package reassembly

import "portcullis/packet"

// span is the part of a datagram that one fragment brought, in units of 8 bytes;
// the last unit of the datagram may be shorter.
type span struct{ from, to uint16 }

// datagram is the record of one packet that is being reassembled.
type datagram struct {
	key          packet.Key
	birth        int64  // when its first fragment arrived, in nanoseconds
	chain        uint32 // the next of its bucket
	older, newer uint32 // its neighbours in the queue
	got          uint32 // bytes that are there
	end          uint32 // its length in bytes; 0: not yet known
	pages        [65536 / pageSize]uint32

	spans    [maxSpans]span // sorted, disjoint
	held     uint16         // spans in use
	largest  uint16         // bytes of the largest IP packet that carried a fragment
	dead     packet.Reason  // not ReasonNone: it is given up
	df       bool           // of any fragment
	ecn      uint8          // a bit for each ECN codepoint that was seen
	headSize uint16         // 0: the first fragment is not there
	l3       uint16         // where in head the IP header begins
	head     [maxHead]byte  // the frame before the data, of the first fragment
}

// reset makes d a new datagram without a fragment. spans and head are left as they
// are: held and headSize say how much of them counts.
func (d *datagram) reset(k *packet.Key, now int64) {
	d.key, d.birth = *k, now
	d.got, d.end, d.held, d.largest, d.headSize, d.l3 = 0, 0, 0, 0, 0, 0
	d.dead, d.df, d.ecn = packet.ReasonNone, false, 0
	clear(d.pages[:])
}

// spanOf is the part that f claims.
func spanOf(f *packet.Piece) span {
	return span{uint16(f.Offset / 8), uint16((f.Offset + len(f.Data) + 7) / 8)}
}

// place finds where among the spans f belongs, or why it does not. With
// ReasonFragmentOverlap, i is the last span that begins before f ends.
func (d *datagram) place(f *packet.Piece) (i int, r packet.Reason) {
	s := spanOf(f)
	for i = int(d.held); i > 0 && d.spans[i-1].from >= s.to; i-- {
	}
	if i > 0 && d.spans[i-1].to > s.from {
		return i - 1, packet.ReasonFragmentOverlap
	}
	end := uint32(f.Offset + len(f.Data))
	switch {
	case d.end != 0 && (!f.More || end > d.end),
		!f.More && d.held > 0 && d.spans[d.held-1].to > s.to:
		return i, packet.ReasonBadFragment // two ends, or something behind the end
	case d.held == maxSpans:
		return i, packet.ReasonFragmentOverflow
	}
	return i, packet.ReasonNone
}

// same says whether f claims just what span i is.
func (d *datagram) same(i int, f *packet.Piece) bool {
	end := uint32(f.Offset + len(f.Data))
	return d.spans[i] == spanOf(f) && (end == d.end) == !f.More && (d.end == 0 || end <= d.end)
}

// add notes that f, which p carried, is there as span i.
func (d *datagram) add(i int, p *packet.Packet, f *packet.Piece) {
	copy(d.spans[i+1:d.held+1], d.spans[i:d.held])
	d.spans[i] = spanOf(f)
	d.held++
	d.got += uint32(len(f.Data))
	if !f.More {
		d.end = uint32(f.Offset + len(f.Data))
	}
	if f.Offset == 0 {
		d.headSize = uint16(copy(d.head[:], f.Head))
		d.l3 = uint16(p.L3)
		if p.Kind == packet.KindIPv6 {
			d.head[f.Next] = f.Proto
		}
	}
	d.df = d.df || f.DF
	d.ecn |= 1 << ecn(p.Frame[p.L3:])
	d.largest = max(d.largest, uint16(min(len(p.Frame)-int(p.L3), 65535)))
}

// complete says whether nothing is missing.
func (d *datagram) complete() bool { return d.end != 0 && d.got == d.end }

// tooLong says whether, with f, the length of the whole could no longer be written
// into its header.
func (d *datagram) tooLong(p *packet.Packet, f *packet.Piece) bool {
	head := int(d.headSize) - int(d.l3)
	if f.Offset == 0 {
		head = len(f.Head) - int(p.L3)
	}
	if p.Kind == packet.KindIPv6 {
		head -= ipv6Size // its length field counts what is behind the header
	}
	end := f.Offset + len(f.Data)
	switch {
	case d.end != 0:
		end = int(d.end)
	case d.held > 0:
		end = max(end, int(d.spans[d.held-1].to)*8)
	}
	return head+end > 65535
}
