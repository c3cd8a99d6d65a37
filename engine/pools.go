package engine

import (
	"time"

	"portcullis/nat"
	"portcullis/packet"
	"portcullis/session"
)

// lacking are the pools that were told of as exhausted, and when last; pool 0
// stands for the addresses of interfaces.
type lacking map[uint16]session.Tick

// lackingPause is how long nothing more is told of a pool that is exhausted.
const lackingPause = 10 * time.Second

// exhausted tells that a session with that key, its destination translated, found
// no port or address left in a pool, under a policy.
func (w *Worker) exhausted(pool uint16, policy uint32, key *packet.Key) {
	w.stats.Exhausted++
	if told, ok := w.lacking[pool]; ok && w.now < told.Add(lackingPause) {
		return
	}
	if w.lacking == nil {
		w.lacking = lacking{}
	}
	w.lacking[pool] = w.now
	w.push(&session.Event{
		Kind: session.EventExhausted, LogIt: true, Reason: packet.ReasonNATExhausted, Pool: pool, InBlocks: w.inBlocks(pool),
		Policy: policy, Key: *key, ReplyKey: key.Reply(),
	})
}

// inBlocks says whether a pool is one of port blocks.
func (w *Worker) inBlocks(pool uint16) bool {
	for _, p := range w.rules.sources.Pools {
		if p.Number == pool {
			return p.Method == nat.PortBlock
		}
	}
	return false
}

var blockEvents = [...]session.EventKind{
	nat.NoteBlockGranted: session.EventBlock, nat.NoteBlockHeld: session.EventBlockHeld, nat.NoteBlockReturned: session.EventBlockEnd,
}

// noteBlock tells what became of a block of ports.
func (w *Worker) noteBlock(n nat.Note) {
	w.push(&session.Event{
		Kind: blockEvents[n.Kind], LogIt: true, Pool: n.Pool, Created: session.Tick(n.Since), Ports: [2]uint16{n.First, n.Last},
		Key: packet.Key{Src: n.Client}, ReplyKey: packet.Key{Dst: n.Addr},
	})
}
