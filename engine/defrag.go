package engine

import "portcullis/packet"

// Theory of operation.
//
// A fragment says too little to be decided about, so it is held until its packet
// is whole. The whole makes the trip like any packet: session, policy, helper and
// translation see nothing else. It lies in memory of the worker's own and leaves
// by Generated. On its way out it is cut again, never larger than the largest
// fragment it came in: the sender may have chosen that size for a path that
// carries no more. A packet that may be fragmented by its sender alone (IPv6, or
// DF) and whose fragments do not fit the outgoing MTU is refused, and its sender
// told.

// helperRoom is by how much a helper may make a reassembled packet longer.
const helperRoom = 1024

// defrag takes in the fragment p. With the last one that was missing, the whole
// goes its way.
func (w *Worker) defrag(p *Slot) (Verdict, packet.Reason) {
	d, r := w.fragments.Add(int64(w.now), &p.Packet)
	if r != packet.ReasonNone {
		return Drop, r
	}
	if d.Size == 0 {
		return Hold, packet.ReasonNone
	}
	w.stats.Reassembled++
	g := &w.whole
	g.In = p.In
	frame := w.fragments.Take(d, w.gen.memory(d.Size+helperRoom))
	if r := g.Parse(frame, packet.Offload{}); r != packet.ReasonNone {
		return Drop, r
	}
	g.FragmentID, g.largest, g.hash = d.ID, d.Largest, w.table.Hash(&g.Key)
	at := len(w.gen.list)
	v, r := w.trip(g)
	if v != Forward && v != Answer {
		return v, r
	}
	g.Verdict = v
	w.cutAgain(g)
	w.gen.insert(at, g)
	return Hold, packet.ReasonNone
}

// cutAgain says how p, a reassembled packet that may leave, is to be fragmented.
func (w *Worker) cutAgain(p *Slot) {
	if size := len(p.Frame) - int(p.L3); size > int(p.largest) && p.FragmentTo == 0 {
		w.fragmentTo(p, w.rules.mtu(p.Out))
	}
	if src, _ := p.Addrs(); src != p.Key.Src {
		// Several senders may share the new address, and each counts its own.
		w.identify(p)
	}
}

// fragmentTo has p fragmented to mtu, or to what it was in fragments of.
func (w *Worker) fragmentTo(p *Slot, mtu int) {
	if p.largest != 0 {
		mtu = min(mtu, int(p.largest))
	}
	p.FragmentTo = uint16(min(mtu, 65535))
}

// identify gives p an identification of the box's own. It counts: numbers at
// random would repeat sooner, which matters in the 16 bits of IPv4.
func (w *Worker) identify(p *Slot) {
	w.lastID++
	p.SetIdentification(w.lastID)
}
