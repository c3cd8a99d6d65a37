package helpers

import "portcullis/packet"

// Datagram is one UDP datagram of a session that has a helper. Payload is
// borrowed.
type Datagram struct {
	Dir     packet.Dir
	Ends    *Ends
	Payload []byte
}

// ReadDatagram lets h read d and carries out what it finds. st is the session's
// memory of the helper. Exactly one packet is in out.Out() afterwards, unless
// out.Drop says why not. Where out.Detached is set h must not be called again
// for the session. A datagram is a whole message: Partial is read as Foreign.
func ReadDatagram(h *Helper, st *State, d *Datagram, ann Announcer, out *Output) {
	out.reset()
	seg := &out.seg
	seg.Dir, seg.Proto, seg.Final, seg.State, seg.Ends = d.Dir, packet.ProtoUDP, true, st, d.Ends
	r := &out.rewriting
	changed, done := false, 0 // how much of the payload has its place in the text
	out.text = out.text[:0]
	for n := 0; ; {
		data := d.Payload[n:]
		if seg.Data = data; out.inspect(h, data) == Foreign {
			out.Encrypted = out.found.Encrypted
			out.detach(out.found.Why)
			break
		}
		out.Over, out.Keep = out.found.Over, max(out.Keep, out.found.Keep)
		read := out.found.Consumed // of data, all of it where there is no more
		out.text, done = append(out.text, d.Payload[done:n]...), n
		r.start(out.text, 0, n)
		if r.carryOut(h, seg, &out.found, data[:read], 0, ann); r.n > 0 {
			changed, out.text, done = true, r.text, n+r.at
		}
		if n += read; n == len(d.Payload) {
			break
		}
	}
	if changed {
		out.text = append(out.text, d.Payload[done:]...)
	}
	if changed && len(out.text) > MaxPayload {
		out.rewriting.unspelt = true
		ann.Cancel()
		out.drop(packet.ReasonHelperTooLong)
		return
	}
	o := &out.list[0]
	o.Seq, o.Flags, o.Urgent, o.Payload, o.Changed = 0, 0, 0, d.Payload, changed
	if changed {
		o.Payload = out.text
	}
	out.n = 1
}

// inspect calls h once, on data, and turns every breach of the contract into Foreign.
// Consumed is all of data afterwards where there is no more.
func (o *Output) inspect(h *Helper, data []byte) Status {
	o.found.Reset()
	status := h.Inspect(&o.seg, &o.found)
	switch status {
	case Foreign:
		return Foreign
	case More:
	default:
		o.found.Consumed = len(data)
	}
	n := o.found.Consumed
	if status == Partial || n < 0 || n > len(data) || n == 0 && len(data) > 0 || !o.found.wellFormed(data[:n]) {
		o.found.Why, o.found.Encrypted = whyBroken, false
		return Foreign
	}
	return status
}

// whyBroken is the reason of a detachment that a helper caused by answering
// against its contract.
const whyBroken = "the helper broke its contract"
