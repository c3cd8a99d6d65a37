package soak

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"portcullis/engine"
	"portcullis/session"
)

// operator looks at the firewall all the time, as whoever asks the control socket
// does, and loads its configuration again.
type operator struct {
	rig    *rig
	fail   func(error)
	stop   chan struct{}
	done   sync.WaitGroup
	pages  int // of the session table that were read
	loads  int
	checks int
}

// operate starts an operator.
func (r *rig) operate(fail func(error)) *operator {
	o := &operator{rig: r, fail: fail, stop: make(chan struct{})}
	o.done.Go(o.run)
	return o
}

// end lets it go home.
func (o *operator) end() {
	close(o.stop)
	o.done.Wait()
}

func (o *operator) run() {
	work := time.NewTicker(10 * time.Millisecond)
	defer work.Stop()
	for n := 1; ; n++ {
		select {
		case <-o.stop:
			return
		case <-work.C:
		}
		o.list()
		if n%10 == 0 {
			o.check()
		}
		if n%25 == 0 {
			o.load()
		}
	}
}

// list reads the whole session table, beside the packets.
func (o *operator) list() {
	r, page := o.rig, 0
	var all [256]session.Record
	for cursor, first := uint32(0), true; first || cursor != 0; first = false {
		n := 0
		r.plane.Look(func(now session.Tick) {
			cursor = r.worker.SessionsFrom(cursor, len(all), func(s *session.Session) {
				s.Copy(&all[n], runtime.Gosched)
				n++
			})
		})
		for i := range all[:n] {
			o.sensible(&all[i])
		}
		page++
	}
	o.pages += page
}

// sensible says what can not be of a session that was copied in one piece.
func (o *operator) sensible(s *session.Record) {
	for d, packets := range s.Packets {
		if bytes := s.Bytes[d]; bytes < 20*packets || bytes > 65535*packets {
			o.fail(fmt.Errorf("session %d: %d packets of %d bytes", s.ID, packets, bytes))
		}
	}
}

// check walks through everything that the engine keeps.
func (o *operator) check() {
	o.checks++
	o.rig.plane.Do(func(session.Tick) {
		if err := o.rig.worker.CheckInvariants(); err != nil {
			o.fail(err)
		}
	})
}

// load puts the same configuration in force again: every session is judged anew
// at its next packet, and must go on.
func (o *operator) load() {
	o.loads++
	rs, err := engine.Compile(o.rig.cfg, o.rig.links, o.rig.names, uint32(o.loads+1))
	if err != nil {
		o.fail(err)
		return
	}
	o.rig.plane.Do(func(session.Tick) { o.rig.worker.SetRuleset(rs) })
}
