package engine

import (
	"encoding/binary"
	"net/netip"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// help is the way of a packet whose session a helper reads: tracked like any
// other, then read, perhaps rewritten, held back or sent on in several pieces.
func (w *Worker) help(s *session.Session, dir packet.Dir, p *Slot) (Verdict, packet.Reason) {
	if s.Watched() {
		return w.watch(s, dir, p)
	}
	if !p.ChecksumOK() {
		return Drop, packet.ReasonHelperBadChecksum
	}
	if r := w.track(s, dir, p); r != packet.ReasonNone {
		return Drop, r
	}
	if p.Key.Proto == packet.ProtoUDP {
		return w.helpUDP(s, dir, p)
	}
	if s.Control == 0 && !w.attach(s, dir, p) {
		return w.leave(s, dir, p)
	}
	return w.helpTCP(s, dir, p, w.controls.at(s.Control))
}

// attach gives a TCP control session its helper's memory once the other side has
// accepted it, so that SYNs alone cost none. What the opener's SYN said is known
// from its acknowledgement.
func (w *Worker) attach(s *session.Session, dir packet.Dir, p *Slot) bool {
	if dir == packet.Original || p.TCPFlags&packet.TCPSyn == 0 {
		return false
	}
	if p.TCPFlags&packet.TCPAck == 0 { // both opened at once: no helper's protocol does
		s.Bound = false
		w.detached(s, whyBothOpened)
		return false
	}
	s.Control = w.controls.attachTCP(s, w.names.helper(s.Helper))
	a := w.controls.at(s.Control)
	syn := helpers.TCPSegment{
		Dir: packet.Original, Ends: w.controls.between(s.Control, packet.Original), Flags: packet.TCPSyn,
		Seq: binary.BigEndian.Uint32(p.Frame[p.L4+8:]) - 1,
	}
	a.control.Segment(&syn, &w.announce, &w.output)
	return true
}

// letGo takes back what the worker keeps for the helper of s.
func (w *Worker) letGo(s *session.Session) {
	if s.Control != 0 {
		w.controls.release(s.Control)
		s.Control = 0
	}
	s.Bound = false
}

// ends makes e those of direction dir, as its sender and its receiver see them.
func ends(e *helpers.Ends, s *session.Session, dir packet.Dir) {
	mine, peer := &s.Key[dir], &s.Key[dir.Other()]
	e.Set(endpoint(mine.Src, mine.SrcPort), endpoint(mine.Dst, mine.DstPort),
		endpoint(peer.Dst, peer.DstPort), endpoint(peer.Src, peer.SrcPort))
}

func endpoint(a packet.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a.Netip(), port) }

// overIdle is how long a UDP session may still be idle once its helper has seen
// that nothing more is to come: for repeated answers, and for another question.
const overIdle = time.Second

// over gives s the idle time that its helper's last answer asks for: little, or the
// ordinary one at least.
func (w *Worker) over(s *session.Session, is bool) {
	idle := w.rules.clocks.idle(s)
	switch was := s.Timeout(); {
	case !is:
		s.SetTimeout(max(was, idle))
	case min(idle, overIdle) < was:
		s.SetTimeout(min(idle, overIdle))
		w.table.Shorten(s)
	}
}

// helpUDP keeps a helper's memory only where there is something in it.
func (w *Worker) helpUDP(s *session.Session, dir packet.Dir, p *Slot) (Verdict, packet.Reason) {
	h := w.names.helper(s.Helper)
	if w.tracing() {
		w.say("run helper-%s(dir=%s)", h.Name, dir)
	}
	w.announce.about(s, s.Ref(), h)
	d := helpers.Datagram{Dir: dir, Ends: &w.ends, Payload: p.Data()}
	w.recall(s)
	switch {
	case !h.Mentions: // nobody asks for what the receiver sees
		k := &s.Key[dir]
		w.sender.Src, w.sender.Dst = endpoint(k.Src, k.SrcPort), endpoint(k.Dst, k.DstPort)
		d.Ends = &w.sender
	case s.Control == 0:
		ends(&w.ends, s, dir)
	default:
		d.Ends = w.controls.between(s.Control, dir)
	}
	helpers.ReadDatagram(h, &w.state, &d, &w.announce, &w.output)
	w.unspelt()
	w.lasting(s, dir)
	if h.Ends {
		w.over(s, w.output.Over && !w.output.Detached)
	}
	w.remember(s)
	if w.output.Drop != packet.ReasonNone {
		return Drop, w.output.Drop
	}
	if o := &w.output.Out()[0]; o.Changed {
		grown := len(o.Payload) - len(p.Data())
		if !p.SetData(o.Payload) {
			return Drop, packet.ReasonHelperTooLong
		}
		if r := w.sized(s.Out[dir], p, grown); r != packet.ReasonNone {
			return Drop, r
		}
	}
	return w.leave(s, dir, p)
}

// recall has w.state be the helper's memory of s.
func (w *Worker) recall(s *session.Session) {
	if s.Control != 0 {
		w.state = w.controls.at(s.Control).state
	} else {
		w.state = helpers.State{}
	}
}

// remember keeps the helper's memory of s, where there is something in it.
func (w *Worker) remember(s *session.Session) {
	switch empty := w.state == (helpers.State{}); {
	case w.output.Detached:
		w.letGo(s)
		w.detached(s, w.output.Why)
	case s.Control != 0 && empty:
		w.controls.release(s.Control)
		s.Control = 0
	case s.Control != 0:
		w.controls.at(s.Control).state = w.state
	case !empty:
		s.Control = w.controls.attachUDP(s, w.names.helper(s.Helper), &w.state)
	}
}

// lasting has s outlast what was announced just now, or before it was answered.
func (w *Worker) lasting(s *session.Session, dir packet.Dir) {
	if keep := w.output.Keep; keep > s.Timeout() && s.Replied {
		s.SetTimeout(keep)
	}
	if w.announce.changed || dir == packet.Reply && s.Packets[dir] == 1 {
		w.outlast(s)
	}
}

func (w *Worker) helpTCP(s *session.Session, dir packet.Dir, p *Slot, a *attachment) (Verdict, packet.Reason) {
	h := (*[20]byte)(p.Frame[p.L4:])
	var seg helpers.TCPSegment
	seg.Dir, seg.Ends, seg.Flags, seg.Payload = dir, w.controls.between(s.Control, dir), p.TCPFlags, p.Data()
	seg.Seq, seg.Ack = binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
	seg.Window, seg.Urgent = binary.BigEndian.Uint16(h[14:]), binary.BigEndian.Uint16(h[18:])
	out := &w.output
	if _, detached := a.control.Detached(); w.tracing() && !detached && len(seg.Payload) > 0 {
		w.say("run helper-%s(dir=%s)", a.control.Helper().Name, dir)
	}
	w.announce.about(s, a.session, a.control.Helper())
	a.control.Segment(&seg, &w.announce, out)
	w.unspelt()
	if w.tracing() && out.Held {
		w.say("helper-%s: waits for the rest of a message", a.control.Helper().Name)
	}
	w.lasting(s, dir)
	if out.Detached {
		w.detached(s, out.Why)
	}
	if out.Encrypted {
		w.encrypted(s)
	}
	if out.MustAck {
		w.ackBack(s, dir, p, out.AckBack)
	}
	if out.Drop != packet.ReasonNone {
		return Drop, out.Drop
	}
	pieces := out.Out()
	if len(pieces) == 0 {
		return Hold, packet.ReasonNone
	}
	for i := 1; i < len(pieces); i++ {
		if !w.piece(s, dir, p, a, &pieces[i]) {
			break // the sender will send it again
		}
	}
	if !respell(p, dir, a, &pieces[0]) {
		return Drop, packet.ReasonHelperTooLong
	}
	if a.control.Idle() {
		w.letGo(s)
	}
	return w.leave(s, dir, p)
}

// piece sends a further part of what became of p, in a frame of the worker's own.
func (w *Worker) piece(s *session.Session, dir packet.Dir, p *Slot, a *attachment, o *helpers.Out) bool {
	g := w.gen.add(int(p.Payload) + len(o.Payload))
	if g == nil {
		return false
	}
	frame := g.Frame
	g.Packet = p.Packet
	g.Frame = frame[:p.Payload]
	copy(g.Frame, p.Frame[:p.Payload])
	if !respell(g, dir, a, &helpers.Out{Seq: o.Seq, Payload: o.Payload, Flags: o.Flags, Urgent: o.Urgent, Changed: true}) {
		w.gen.undo()
		return false
	}
	g.Verdict, g.Reason = w.leave(s, dir, g)
	return true
}

// respell makes p the segment o: its number, flags and payload, its
// acknowledgements in the space of its receiver, its checksum right.
func respell(p *Slot, dir packet.Dir, a *attachment, o *helpers.Out) bool {
	h := p.Frame[p.L4:p.Payload]
	adjusted := a.control.Adjust(dir, h)
	if !o.Changed && !adjusted && binary.BigEndian.Uint32(h[4:]) == o.Seq {
		return true
	}
	binary.BigEndian.PutUint32(h[4:], o.Seq)
	h[13] = h[13]&^0x3f | o.Flags&0x3f
	binary.BigEndian.PutUint16(h[18:], o.Urgent)
	p.TCPFlags = h[13]
	if !o.Changed {
		p.FixChecksum()
		return true
	}
	if size := int(p.Offload.GSOSize); p.Offload.IsGSO() && len(o.Payload) <= size {
		p.Offload.GSO, p.Offload.GSOSize = packet.GSONone, 0
	}
	return p.SetData(o.Payload)
}

// ackBack acknowledges bytes that are held here to the sender of p, in the name
// of its peer.
func (w *Worker) ackBack(s *session.Session, dir packet.Dir, p *Slot, ack helpers.AckBack) {
	s.TCP.Promise(uint8(dir), ack.Ack, ack.Window)
	stamp := option(p.Frame[p.L4:p.Payload], optionTimestamps)
	size := 20
	if len(stamp) == 8 {
		size += 12
	}
	g := w.gen.add(int(p.L4) + size)
	if g == nil {
		return
	}
	frame := g.Frame
	g.Packet = p.Packet
	g.Frame, g.Offload = frame, packet.Offload{}
	copy(frame, p.Frame[:p.L4])
	g.Payload = p.L4 + uint32(size)
	h := frame[p.L4:]
	binary.BigEndian.PutUint16(h, p.Key.DstPort)
	binary.BigEndian.PutUint16(h[2:], p.Key.SrcPort)
	binary.BigEndian.PutUint32(h[4:], ack.Seq)
	binary.BigEndian.PutUint32(h[8:], ack.Ack)
	h[12], h[13] = uint8(size/4)<<4, packet.TCPAck
	binary.BigEndian.PutUint16(h[14:], ack.Window)
	if len(stamp) == 8 { // RFC 7323 section 3.2
		copy(h[20:], []byte{1, 1, 8, 10})
		copy(h[24:28], stamp[4:8])
		copy(h[28:32], stamp[:4])
	}
	g.TurnAround(p.Key, hopLimit)
	g.Verdict, g.Out = Answer, s.Out[dir.Other()]
	g.NextHop = w.hop(s, dir.Other(), p.Key.Src)
}

// TCP options that matter here.
const (
	optionScale      = 3  // RFC 7323
	optionSACKOK     = 4  // RFC 2018
	optionSACK       = 5  // RFC 2018
	optionTimestamps = 8  // RFC 7323
	optionMD5        = 19 // RFC 2385
	optionAO         = 29 // RFC 5925
)

// option is the value of a TCP header's option of that kind, or nil.
func option(h []byte, kind uint8) []byte {
	for opt := h[20:]; len(opt) > 0 && opt[0] != 0; {
		if opt[0] == 1 {
			opt = opt[1:]
			continue
		}
		if len(opt) < 2 || opt[1] < 2 || int(opt[1]) > len(opt) {
			return nil
		}
		if opt[0] == kind {
			return opt[2:opt[1]]
		}
		opt = opt[opt[1]:]
	}
	return nil
}

// signed says whether p is a TCP segment with a signature, which no byte of the
// stream may be changed under.
func signed(p *Slot) bool {
	if p.Key.Proto != packet.ProtoTCP {
		return false
	}
	h := p.Frame[p.L4:p.Payload]
	return option(h, optionMD5) != nil || option(h, optionAO) != nil
}

// Why the engine itself takes a helper from its session.
const (
	whyBothOpened = "both sides opened the connection"
	whyHalfSeen   = "the other side is not seen"
)

// detached reports that the helper of s gave the session up.
func (w *Worker) detached(s *session.Session, why string) {
	w.stats.Detached++
	number := w.names.whyNumber(why)
	w.unread(s, number)
	if w.tracing() {
		w.say("helper-%s: detached: %s", w.names.Helper(s.Helper), why)
	}
	if w.sink == nil {
		return
	}
	e := w.about(s)
	e.Kind, e.Why, e.LogIt = session.EventHelperDetach, number, s.LogEnd && w.rules.logDetach
	w.push(e)
}
