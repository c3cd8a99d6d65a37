package engine

import (
	"portcullis/nat"
	"portcullis/packet"
	"portcullis/session"
)

// What session.Record.Hold says beside a nat.Hold.
const (
	invited  = 1 << 6 // it came in through a mapping that lets strangers send
	joined   = 1 << 7 // and keeps that mapping alive, since the client has answered
	holdMask = invited - 1
)

// isInvited says whether s came in through a mapping (permit-any-host).
func isInvited(s *session.Session) bool { return s.Hold&invited != 0 }

// binding is what s holds of translated addresses, to be given back.
func (w *Worker) binding(s *session.Session) *nat.Binding {
	w.held = nat.Binding{Original: s.Key[packet.Original], Reply: s.Key[packet.Reply], Hold: nat.Hold(s.Hold & holdMask)}
	return &w.held
}

// hold has s, of an earlier process, hold again what it held.
func (w *Worker) hold(s *session.Session) {
	had := s.Hold
	s.Hold = 0
	if had&holdMask != 0 {
		s.Hold = had
		s.Hold = uint8(w.nat.Adopt(w.binding(s), s.Policy, w.translationOf(s), int64(w.now)))
	}
	if s.Hold |= had & invited; had&joined == 0 {
		return
	}
	leave, pol := s.Leaving(packet.Original), s.Policy
	how := w.rules.sources.Policy(pol)
	if w.nat.AdoptInbound(&s.Key[packet.Original], leave.Dst, leave.DstPort, pol, how, int64(w.now)) {
		s.Hold |= joined
	}
}

// translationOf is how the source of s is translated by the rules as they are.
func (w *Worker) translationOf(s *session.Session) *nat.Source {
	x := way{in: s.Out[packet.Reply], out: s.Out[packet.Original], key: s.Key[packet.Original], policy: s.Policy}
	leave := s.Leaving(packet.Original)
	x.key.Dst, x.key.DstPort = leave.Dst, leave.DstPort
	return w.rules.translation(&x)
}

// vacate gives back what s, which ends, holds of translated addresses.
func (w *Worker) vacate(s *session.Session) {
	if s.Hold == 0 {
		return
	}
	if s.Hold&holdMask != 0 {
		w.nat.Release(w.binding(s))
	}
	if s.Hold&joined != 0 {
		w.nat.Leave(&s.Key[packet.Original])
	}
	s.Hold = 0
}

// answered notes that the client behind a mapping has answered whoever came in
// through it: from now on its packets keep the mapping alive, as those do that it
// sends to hosts of its own choice (RFC 4787 section 4.3).
func (w *Worker) answered(s *session.Session) {
	if s.Hold&(invited|joined) != invited {
		return
	}
	client := &s.Key[packet.Reply]
	if w.nat.Join(&s.Key[packet.Original], client.Src, client.SrcPort) {
		s.Hold |= joined
	}
}

// holdings tells of all that the sessions hold.
func (w *Worker) holdings(note func(*nat.Binding), join func(*packet.Key)) {
	w.table.All(func(s *session.Session) bool {
		note(w.binding(s))
		if s.Hold&joined != 0 {
			join(&s.Key[packet.Original])
		}
		return true
	})
}
