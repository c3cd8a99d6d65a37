package replay

import (
	"slices"
	"time"

	"portcullis/dataplane/pcap"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// A helper reads bytes in order. A segment that comes before its turn is dropped
// (helper-gap), and its sender sends it again. In a capture it does not: where the
// capture was taken nothing was dropped. So such segments are kept, and arrive once
// more when the one that was missing has come, under their own number.

// early are the segments that came before their turn, in order of arrival.
type early struct {
	list   []segment
	trip   bool // one of them is on its trip again
	failed bool // before its turn again
	resent int
}

// segment is a frame that is kept.
type segment struct {
	file string
	key  packet.Key
	at   session.Tick
	pcap.Frame
}

const (
	maxEarly  = 64
	earlyTime = time.Minute // senders give up resending some time
)

// keep keeps the frame of a packet with key k that came before its turn. It says whether that is what came
// of one that had been kept.
func (e *early) keep(file string, f *pcap.Frame, k packet.Key, now session.Tick) (again bool) {
	if e.trip {
		e.failed = true
		return true
	}
	e.list = slices.DeleteFunc(e.list, func(s segment) bool { return now.Sub(s.at) > earlyTime })
	if len(e.list) == maxEarly {
		return false
	}
	s := segment{file: file, key: k, at: now, Frame: *f}
	s.Data = slices.Clone(f.Data)
	e.list = append(e.list, s)
	return false
}

// again lets the segments that were kept arrive once more, behind one of the same
// direction of their session, until none of them is in its turn.
func (p *Player) again() {
	e, last := &p.early, &p.slot[0]
	if len(e.list) == 0 || last.Kind == packet.KindNone || last.Verdict == engine.Drop {
		return
	}
	key, file, frame := last.Key, p.file, p.frame
	for i := 0; i < len(e.list); {
		s := &e.list[i]
		if s.key != key {
			i++
			continue
		}
		p.file, p.frame = s.file, s.Number
		e.trip, e.failed = true, false
		p.arrive(&s.Frame)
		if e.trip = false; e.failed {
			i++
			continue
		}
		e.resent++
		e.list = slices.Delete(e.list, i, i+1)
		i = 0
	}
	p.file, p.frame = file, frame
}
