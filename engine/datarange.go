package engine

import (
	"fmt"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// A helper can not read an encrypted control session, so nothing announces its
// data connections. What can be known without reading is kept open instead: a data
// range (tls-data-ports) lets in TCP connections of the control session's client
// to its server, at the addresses that the client uses, to a few ports, as many at
// a time as the entry allows, as long as the control session lives. They go where
// it goes: both of its keys say how either address is translated, ports stay.
// Each must begin with a TLS ClientHello (see watch.go).
//
// A range is not remembered but follows: it is there where an established control
// session is encrypted and its limits have tls-data-ports. So a reload changes none
// and a restart brings all back. That of a control session which is blocked has no
// room.
//
// All ranges of one client, server and span of ports are a queue, those with room
// first: which of several control sessions a connection belongs to can not be
// told, so it is counted for the first. A new session asks for each span once,
// of which there are as many as the configuration has; it asks nothing where
// there is no range.

// reach is what all ranges of a queue let in.
type reach struct {
	client, server packet.Addr // as the client's packets arrive
	zone           uint16
	ports          config.PortSpan
}

// dataRange is that of one control session.
type dataRange struct {
	reach
	master        session.Ref
	limit, used   uint32 // connections at a time
	before, after uint32 // in the queue: index+1
	shut          bool   // its control session is blocked
}

func (r *dataRange) full() bool { return r.shut || r.used >= r.limit }

// ranges are the data ranges of a worker.
type ranges struct {
	list    []dataRange
	free    []uint32
	queues  map[reach]rangeQueue
	masters map[uint32]uint32 // by session id: index+1
	spans   []spanUse
}

// rangeQueue is a list of ranges, index+1.
type rangeQueue struct{ first, last uint32 }

// spanUse is a span of ports that some ranges have, and how many do.
type spanUse struct {
	ports config.PortSpan
	n     int
}

// Len is the number of ranges.
func (x *ranges) Len() int { return len(x.masters) }

// hold adds a range, for a control session that has none.
func (x *ranges) hold(to reach, master session.Ref, limit uint32) {
	if x.masters == nil {
		x.masters, x.queues = map[uint32]uint32{}, map[reach]rangeQueue{}
	}
	n := uint32(len(x.list)) + 1
	if k := len(x.free); k > 0 {
		n, x.free = x.free[k-1], x.free[:k-1]
	} else {
		x.list = append(x.list, dataRange{})
	}
	x.list[n-1] = dataRange{reach: to, master: master, limit: limit}
	x.masters[master.ID] = n
	x.enqueue(n)
	x.use(to.ports, 1)
}

// drop takes the range of a control session away, where it has one.
func (x *ranges) drop(id uint32) {
	n, ok := x.masters[id]
	if !ok {
		return
	}
	x.unqueue(n)
	x.use(x.list[n-1].ports, -1)
	x.list[n-1] = dataRange{}
	x.free = append(x.free, n)
	if delete(x.masters, id); len(x.masters) == 0 {
		*x = ranges{}
	}
}

// use counts one more, or one less, range of a span of ports.
func (x *ranges) use(ports config.PortSpan, more int) {
	for i := range x.spans {
		u := &x.spans[i]
		if u.ports != ports {
			continue
		}
		if u.n += more; u.n == 0 {
			last := len(x.spans) - 1
			x.spans[i], x.spans = x.spans[last], x.spans[:last]
		}
		return
	}
	x.spans = append(x.spans, spanUse{ports, more})
}

// find is a range with room that lets a connection of key k in, nil where there is
// none; full says that there would be one if it had room. It is valid until the
// next is added.
func (x *ranges) find(k *packet.Key) (r *dataRange, full bool) {
	for i := range x.spans {
		ports := x.spans[i].ports
		if k.DstPort < ports.Low || k.DstPort > ports.High {
			continue
		}
		n := x.queues[reach{client: k.Src, server: k.Dst, zone: k.Zone, ports: ports}].first
		if n == 0 {
			continue
		}
		if r = &x.list[n-1]; !r.full() {
			return r, false
		}
		full = true
	}
	return nil, full
}

// of is the range of a control session, nil where it has none.
func (x *ranges) of(master session.Ref) *dataRange {
	if n, ok := x.masters[master.ID]; ok && x.list[n-1].master == master {
		return &x.list[n-1]
	}
	return nil
}

// take counts a connection of the range of a control session.
func (x *ranges) take(master session.Ref) {
	if r := x.of(master); r != nil {
		r.used++
		x.requeue(master.ID)
	}
}

// bar takes all room from the range of a control session, or gives it back.
func (x *ranges) bar(master session.Ref, shut bool) {
	if r := x.of(master); r != nil && r.shut != shut {
		r.shut = shut
		x.requeue(master.ID)
	}
}

// release counts one that is over.
func (x *ranges) release(master session.Ref) {
	if r := x.of(master); r != nil {
		r.used--
		x.requeue(master.ID)
	}
}

// requeue puts a range where it belongs in its queue.
func (x *ranges) requeue(id uint32) {
	n := x.masters[id]
	x.unqueue(n)
	x.enqueue(n)
}

// enqueue puts a range at the head of its queue where it has room, else at the
// tail.
func (x *ranges) enqueue(n uint32) {
	r := &x.list[n-1]
	q := x.queues[r.reach]
	switch {
	case q.first == 0:
		q = rangeQueue{n, n}
	case r.full():
		x.list[q.last-1].after, r.before, q.last = n, q.last, n
	default:
		x.list[q.first-1].before, r.after, q.first = n, q.first, n
	}
	x.queues[r.reach] = q
}

func (x *ranges) unqueue(n uint32) {
	r := &x.list[n-1]
	q := x.queues[r.reach]
	if r.before != 0 {
		x.list[r.before-1].after = r.after
	} else {
		q.first = r.after
	}
	if r.after != 0 {
		x.list[r.after-1].before = r.before
	} else {
		q.last = r.before
	}
	r.before, r.after = 0, 0
	if q.first == 0 {
		delete(x.queues, r.reach)
	} else {
		x.queues[r.reach] = q
	}
}

// check reports the first thing that is not as it must be: for tests. lives is
// what each control session has, from the session table.
func (x *ranges) check(t *session.Table, want func(*session.Session) (reach, uint32, bool)) error {
	held, used := 0, map[session.Ref]uint32{}
	var err error
	t.All(func(s *session.Session) bool {
		if s.Encrypted && s.Master.ID != 0 {
			used[s.Master]++
			return true
		}
		to, limit, has := want(s)
		r := x.of(s.Ref())
		switch {
		case has != (r != nil):
			err = fmt.Errorf("session %d: a data range: %v, expected %v", s.ID, r != nil, has)
		case has && (r.reach != to || r.limit != limit || r.shut != s.Blocked):
			err = fmt.Errorf("session %d: data range %+v, expected %+v", s.ID, *r, to)
		case has:
			held++
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	if held != len(x.masters) || len(x.list) != held+len(x.free) {
		return fmt.Errorf("%d data ranges, %d and %d free in memory, of %d control sessions", len(x.masters), len(x.list), len(x.free), held)
	}
	return x.checkQueues(used)
}

// checkQueues reports what is wrong with the queues, given how many children each
// control session has.
func (x *ranges) checkQueues(used map[session.Ref]uint32) error {
	queued, spans := 0, 0
	for to, q := range x.queues {
		before, full := uint32(0), false
		for n := q.first; n != 0; n = x.list[n-1].after {
			r := &x.list[n-1]
			switch {
			case r.reach != to || r.before != before:
				return fmt.Errorf("data range of session %d: in another's place", r.master.ID)
			case full && !r.full():
				return fmt.Errorf("data range of session %d: behind one without room", r.master.ID)
			case r.used != used[r.master]:
				return fmt.Errorf("data range of session %d: %d connections, counted %d", r.master.ID, used[r.master], r.used)
			}
			before, full = n, r.full()
			queued++
		}
		if q.last != before {
			return fmt.Errorf("queue of data ranges %+v: its last is not %d", to, q.last)
		}
	}
	for _, u := range x.spans {
		spans += u.n
	}
	if queued != len(x.masters) || spans != queued {
		return fmt.Errorf("%d data ranges in queues and %d by ports, of %d", queued, spans, len(x.masters))
	}
	return nil
}
