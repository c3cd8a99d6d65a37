package dataplane

import "portcullis/packet"

// losses counts packets that died, until the engine can be told.
type losses struct {
	n     [packet.NumReasons]uint64
	dirty bool
}

func (l *losses) add(r packet.Reason, n uint64) {
	if n > 0 {
		l.n[r] += n
		l.dirty = true
	}
}

// addAll adds what a neighbour table lost.
func (l *losses) addAll(n *[packet.NumReasons]uint64) {
	for r, k := range n {
		l.add(packet.Reason(r), k)
	}
}

// report tells e, whose lock is held, and starts anew.
func (l *losses) report(e Engine) {
	if !l.dirty {
		return
	}
	for r, n := range l.n {
		if n > 0 {
			e.Count(packet.Reason(r), n)
		}
	}
	*l = losses{}
}
