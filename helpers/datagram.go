package helpers

import (
	"net/netip"

	"portcullis/packet"
)

// Datagram is one UDP datagram of a session that has a helper. Payload is
// borrowed.
type Datagram struct {
	Dir      packet.Dir
	Src, Dst netip.AddrPort // as the sender sees both ends
	Payload  []byte
}

// ReadDatagram lets h read d and carries out what it finds. st is the session's
// memory of the helper. Exactly one packet is in out.Out() afterwards, unless
// out.Drop says why not. Where out.Detached is set h must not be called again
// for the session. A datagram is a whole message: Partial is read as Foreign.
func ReadDatagram(h *Helper, st *State, d *Datagram, ann Announcer, out *Output) {
	out.reset()
	out.text = out.text[:0]
	data := d.Payload
	copied := 0 // bytes of Payload that are in out.text
	changed := false
	out.seg = Segment{Dir: d.Dir, Proto: packet.ProtoUDP, Src: d.Src, Dst: d.Dst, Final: true, State: st}
	h.plainly(&out.seg, ann)
	for {
		base := len(d.Payload) - len(data)
		status := out.inspect(h, data)
		if status == Foreign {
			out.Encrypted = out.found.Encrypted
			out.detach(out.found.Why)
			break
		}
		out.Over, out.Keep = out.found.Over, max(out.Keep, out.found.Keep)
		r := &out.rewriting
		r.base = base
		r.carryOut(h, d.Dir, &out.found, data, 0, ann)
		if from, to := r.span(); from < to {
			changed = true
			out.text = append(out.text, d.Payload[copied:base+from]...)
			out.text = r.render(out.text, data, from, to)
			copied = base + to
		}
		if status != More || out.found.Consumed == len(data) {
			break
		}
		data = data[out.found.Consumed:]
	}
	o := Out{Payload: d.Payload}
	if changed {
		out.text = append(out.text, d.Payload[copied:]...)
		o.Payload, o.Changed = out.text, true
	}
	if changed && len(o.Payload) > MaxPayload {
		out.rewriting.unspelt = true
		ann.Cancel()
		out.drop(packet.ReasonHelperTooLong)
		return
	}
	out.add(o)
}

// inspect calls h once, on data, and turns every breach of the contract into Foreign.
func (o *Output) inspect(h *Helper, data []byte) Status {
	o.found.Reset()
	o.seg.Data = data
	status := h.Inspect(&o.seg, &o.found)
	if status == Foreign {
		return Foreign
	}
	if status == Partial || !o.found.wellFormed(data) ||
		status == More && (o.found.Consumed <= 0 || o.found.Consumed > len(data)) {
		o.found.Why, o.found.Encrypted = whyBroken, false
		return Foreign
	}
	return status
}

// whyBroken is the reason of a detachment that a helper caused by answering
// against its contract.
const whyBroken = "the helper broke its contract"
