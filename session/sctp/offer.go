package sctp

// offers are tags that a side has offered: the first, and the two newest but that.
// 0 is none.
type offers [3]uint32

// echo says which tag of the other side a COOKIE ECHO carried: noEcho where there
// was none, echoLive for the one in force, else the place of the offer, counted
// from 1.
type echo uint8

const (
	noEcho   echo = 0
	echoLive echo = 4
)

// add notes a tag that the side offers. The other side may have echoed one, which
// then keeps its place.
func (o *offers) add(tag uint32, echoed echo) {
	for i := range o {
		if o[i] == tag {
			return
		}
		if o[i] == 0 {
			o[i] = tag
			return
		}
	}
	switch echoed {
	case 2:
		o[2] = tag
	case 3:
		o[1] = tag
	default:
		o[1], o[2] = o[2], tag
	}
}

// has says whether tag, which is not 0, is one that the side has offered.
func (o *offers) has(tag uint32) bool { return tag == o[0] || tag == o[1] || tag == o[2] }

// at is the place of a tag that was offered.
func (o *offers) at(tag uint32) echo {
	for i := range o {
		if o[i] == tag {
			return echo(i + 1)
		}
	}
	return noEcho
}

// echoed is the tag of the last COOKIE ECHO of a side; 0 where there was none.
func (a *Assoc) echoed(side uint8) uint32 {
	switch e := a.echo[side]; e {
	case noEcho:
		return 0
	case echoLive:
		return a.live[side^1]
	default:
		return a.offers[side^1][e-1]
	}
}
