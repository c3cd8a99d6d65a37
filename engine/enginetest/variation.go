package enginetest

import (
	"testing"

	"portcullis/config"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// RunWith plays a scenario as Run does, under configurations that edit has changed:
// it must go as it is told, all the same.
func RunWith(t *testing.T, path string, edit func(*config.Config)) {
	t.Helper()
	run(t, path, false, edit)
}

// Traffic plays what arrives in a scenario, whatever becomes of it, under the
// configuration that edit has changed, and from the second packet on as then changes
// it, too; nil changes nothing. It returns what the engine counted, and the helpers
// that sessions had, by name.
func Traffic(t *testing.T, path string, edit, then func(*config.Config)) (engine.Stats, map[string]int) {
	t.Helper()
	sc, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	sc.edit = edit
	r := newRunner(t, sc, false, quick)
	helpers := map[string]int{}
	for i := range sc.steps {
		st := sc.steps[i]
		r.pass(&st)
		if st.verb != "<" {
			continue
		}
		r.feed(&st)
		r.left = nil
		if then != nil {
			r.edit, r.parsed = then, map[string]*config.Config{}
			r.obey(r.compile(r.config))
			then = nil
		}
		r.worker.Sessions(func(s *session.Session) bool {
			helpers[r.names.Helper(s.Helper)]++
			return true
		})
		if err := r.worker.CheckInvariants(); err != nil {
			r.fail("invariant: %v", err)
		}
	}
	return r.worker.Stats(), helpers
}

// feed hands a packet to the worker.
func (r *runner) feed(st *step) {
	r.t.Helper()
	r.line = st.line
	frame, off, err := packettest.Build(st.packet)
	if err != nil {
		r.fail("%v", err)
		return
	}
	batch := make([]engine.Slot, 1)
	batch[0].In = r.names.InterfaceIndex(st.port)
	if batch[0].Parse(frame, off) == packet.ReasonNone {
		r.worker.Quick(r.tick(r.now), batch)
		r.worker.Process(r.tick(r.now), batch)
	}
}
