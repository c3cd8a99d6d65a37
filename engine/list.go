package engine

import (
	"portcullis/helpers"
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/session"
)

// What an operator sees of a worker and may take from it. A table is walked in
// steps of bounded length, so that packets go on in between.

// SessionsFrom looks at n records from cursor on, calls f for each live session
// among them and returns the cursor to go on from, 0 at the end. A walk begins
// with 0. f borrows the session. Beside Quick it may be called too; f then reads
// what does not change, and Session.Copy for the rest.
func (w *Worker) SessionsFrom(cursor uint32, n int, f func(*session.Session)) (next uint32) {
	return w.table.Walk(cursor, n, f)
}

// ExpectationsFrom is SessionsFrom for outstanding expectations, each with its
// control session.
func (w *Worker) ExpectationsFrom(cursor uint32, n int, f func(session.Ref, *session.Expectation, *session.Session)) (next uint32) {
	return w.expect.Walk(cursor, n, func(r session.Ref, e *session.Expectation) { f(r, e, w.table.Resolve(e.Master)) })
}

// DataRange lets in the data connections of an encrypted control session.
type DataRange struct {
	Match packet.Key // what they arrive as, at the range's first port, from any port
	Leave packet.Key // and what they leave as
	Last  uint16     // the range's last port
	Limit uint32     // connections at a time
	Used  uint32     // now
	Shut  bool       // its control session is blocked
}

// DataRangesFrom is SessionsFrom for data ranges, each with its control session.
func (w *Worker) DataRangesFrom(cursor uint32, n int, f func(DataRange, *session.Session)) (next uint32) {
	end := min(uint64(cursor)+uint64(n), uint64(len(w.ranges.list)))
	for i := uint64(cursor); i < end; i++ {
		r := &w.ranges.list[i]
		master := w.table.Resolve(r.master)
		if r.ports.Low == 0 || master == nil {
			continue
		}
		back := &master.Key[packet.Reply]
		f(DataRange{
			Match: packet.Key{Src: r.client, Dst: r.server, DstPort: r.ports.Low, Zone: r.zone, Proto: packet.ProtoTCP},
			Leave: packet.Key{Src: back.Dst, Dst: back.Src, DstPort: r.ports.Low, Zone: back.Zone, Proto: packet.ProtoTCP},
			Last:  r.ports.High, Limit: r.limit, Used: r.used, Shut: r.shut,
		}, master)
	}
	if end == uint64(len(w.ranges.list)) {
		return 0
	}
	return uint32(end)
}

// Offset is how the helper of s has moved the sequence numbers of direction dir:
// nothing where none is bound.
func (w *Worker) Offset(s *session.Session, dir packet.Dir) helpers.Offset {
	if s.Control == 0 || s.Key[dir].Proto != packet.ProtoTCP {
		return helpers.Offset{}
	}
	return w.controls.at(s.Control).control.Offset(dir)
}

// Clear ends those of the sessions that still live, for the operator, and says
// how many those were. What their helpers expect ends with them.
func (w *Worker) Clear(now session.Tick, refs []session.Ref) (n int) {
	w.now = now
	for _, r := range refs {
		if s := w.table.Resolve(r); s != nil {
			w.remove(s, session.EndCleared)
			n++
		}
	}
	w.stats.Cleared += uint64(n)
	return n
}

// ClearExpectations takes out those of the expectations that are still
// outstanding, and says how many those were.
func (w *Worker) ClearExpectations(now session.Tick, refs []session.Ref) (n int) {
	w.now = now
	for _, r := range refs {
		if w.expect.Take(r, w.expectationCleared) {
			n++
		}
	}
	return n
}

// Pools are the IP pools of the configuration in force. They do not change.
func (w *Worker) Pools() []*nat.Pool { return w.rules.sources.Pools }

// VirtualIPs are the virtual IPs of the configuration in force. They do not
// change, so that they may be asked from any goroutine.
func (w *Worker) VirtualIPs() *nat.Destinations { return w.rules.virtual }

// Tally is what became of the requests to the pool of that number.
func (w *Worker) Tally(pool uint16) nat.Tally { return w.nat.Tally(pool) }

// AddressesFrom is SessionsFrom for the addresses that sources are translated to.
func (w *Worker) AddressesFrom(cursor uint32, n int, f func(nat.Usage)) (next uint32) {
	return w.nat.AddressesFrom(cursor, n, f)
}

// BlocksFrom is SessionsFrom for the blocks of ports that clients have.
func (w *Worker) BlocksFrom(cursor uint32, n int, f func(nat.Block)) (next uint32) {
	return w.nat.BlocksFrom(cursor, n, f)
}

// MappingsFrom is SessionsFrom for endpoint-independent mappings. f borrows one.
func (w *Worker) MappingsFrom(cursor uint32, n int, f func(*nat.Mapping)) (next uint32) {
	return w.nat.MappingsFrom(cursor, n, f)
}
