package dns

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// pending is the memory of a session over UDP: what was asked and not answered.
// A byte for their number, or overflow; then four bytes for each: the identifier,
// and 15 bits of the question's sum under one for the direction. All zeros is
// nothing to wait for.
type pending helpers.State

const (
	maxPending = 15
	overflow   = 0xff // more was asked at once than there is room for: nothing is counted
	entrySize  = 4
)

var _ [len(pending{}) - 1 - maxPending*entrySize]struct{} // it fits

// entry is a question as it is kept.
type entry [entrySize]byte

func newEntry(id uint16, sum uint32, dir packet.Dir) (e entry) {
	binary.BigEndian.PutUint16(e[:], id)
	binary.BigEndian.PutUint16(e[2:], uint16(sum^sum>>15)&0x7fff|uint16(dir)<<15)
	return e
}

func (p *pending) at(i int) *entry {
	return (*entry)(p[1+i*entrySize : 1+(i+1)*entrySize])
}

// ask notes a question, once however often it is sent.
func (p *pending) ask(e entry) {
	if p[0] == overflow {
		return
	}
	n := int(p[0])
	for i := range n {
		if *p.at(i) == e {
			return
		}
	}
	if n == maxPending {
		*p = pending{overflow}
		return
	}
	*p.at(n) = e
	p[0]++
}

// answer takes out the question that e answers. Where the answer does not repeat the
// question, any with its identifier and direction will do. It reports whether there
// was one.
func (p *pending) answer(e entry, question bool) bool {
	if p[0] == overflow {
		return false
	}
	last := int(p[0]) - 1
	for i := range last + 1 {
		x := p.at(i)
		if *x != e && (question || x[0] != e[0] || x[1] != e[1] || (x[2]^e[2])&0x80 != 0) {
			continue
		}
		*x = *p.at(last)
		*p.at(last) = entry{}
		p[0]--
		return true
	}
	return false
}

// none says that nothing is waited for.
func (p *pending) none() bool { return p[0] == 0 }

// sound says whether s is what answers and questions leave behind.
func sound(s *helpers.State) bool {
	p := (*pending)(s)
	if p[0] == overflow {
		return *p == pending{overflow}
	}
	if p[0] > maxPending {
		return false
	}
	for i := int(p[0]); i < maxPending; i++ {
		if *p.at(i) != (entry{}) {
			return false
		}
	}
	return true
}
