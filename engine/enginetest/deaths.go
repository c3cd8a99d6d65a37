package enginetest

import (
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// Deaths are what happened beside the packets that died of a reason.
type Deaths map[packet.Reason]Death

// Death says which of it happened at least once.
type Death struct {
	Event bool // the traffic log was told
	Told  bool // the sender was
}

// Add adds those of another scenario.
func (d Deaths) Add(other Deaths) {
	for why, o := range other {
		old := d[why]
		d[why] = Death{Event: old.Event || o.Event, Told: old.Told || o.Told}
	}
}

// died notes what the death of a packet brought about, and fails where its
// packet.Advice says otherwise. Events from since on are of it.
func (r *runner) died(why packet.Reason, since int) {
	r.t.Helper()
	var d Death
	for i := range r.events.list[since:] {
		e := &r.events.list[since+i]
		d.Event = d.Event || e.Kind == session.EventDeny && e.Reason == why
	}
	for i := range r.worker.Generated() {
		d.Told = d.Told || r.worker.Generated()[i].Verdict == engine.Answer
	}
	a := why.Advice()
	if d.Event && a.Log == "" {
		r.fail("%v: the log was told, of which its advice knows nothing", why)
	}
	if d.Told && a.Answer == "" {
		r.fail("%v: the sender was told, of which its advice knows nothing", why)
	}
	r.deaths.Add(Deaths{why: d})
}
