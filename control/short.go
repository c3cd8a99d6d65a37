package control

import (
	"portcullis/packet"
)

// shortHead is the first line of get system session list.
const shortHead = "PROTO   EXPIRE SOURCE           SOURCE-NAT       DESTINATION      DESTINATION-NAT\n"

// AppendShort appends s as a row of get system session list.
func (s *Session) AppendShort(dst []byte) []byte {
	b := line(dst)
	from := len(b)
	b.text(packet.ProtoName(s.Proto))
	b.column(from, 8)
	from = len(b)
	if s.Never {
		b.text("never")
	} else {
		b.int(s.Expire)
	}
	b.column(from, 7)
	from = len(b)
	b.endpoint(s.Original.Src, s.Original.SrcPort)
	b.column(from, 17)
	from = len(b)
	if s.sourceTranslated() {
		b.endpoint(s.Original.Leaves.Src, s.Original.Leaves.SrcPort)
	} else {
		b.text("-")
	}
	b.column(from, 17)
	from = len(b)
	b.endpoint(s.Original.Dst, s.Original.DstPort)
	b.ports(s)
	b.column(from, 17)
	if s.destinationTranslated() {
		b.endpoint(s.Original.Leaves.Dst, s.Original.Leaves.DstPort)
		b.ports(s)
	} else {
		b.text("-")
	}
	b.text("\n")
	return b
}

// column ends a column that began at from: blanks up to its width, at least one.
func (b *line) column(from, width int) {
	b.text(" ")
	for len(*b) < from+width {
		b.text(" ")
	}
}
