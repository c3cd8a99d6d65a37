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
	if s.Hold&(invited|joined) == invited && w.nat.Join(&s.Key[packet.Original]) {
		s.Hold |= joined
	}
}
