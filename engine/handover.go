package engine

import (
	"io"
	"slices"
	"time"

	"portcullis/handover"
	"portcullis/helpers"
	"portcullis/session"
)

// HandOver writes every session and expectation to out, for the worker of another
// process to take up: see Heir. by is the name and version of the program, and
// written the moment now by the wall clock. Nothing of the worker is changed; blocks of ports that
// nobody uses any more are reported as returned.
func (w *Worker) HandOver(now session.Tick, out io.Writer, by string, written time.Time) (handover.Counts, error) {
	h := handover.Header{By: by, Written: written, Serial: w.table.Serial(), Tables: w.names.tables()}
	h.Hosts = w.names.handedOver(now)
	to, err := handover.NewWriter(out, &h, now)
	if err != nil {
		return handover.Counts{}, err
	}
	write := func(s *session.Session) bool {
		var c *helpers.Control
		var st *helpers.State
		if s.Control != 0 {
			if a := w.controls.at(s.Control); a.control != nil {
				c = a.control
			} else {
				st = &a.state
			}
		}
		err = to.Session(&s.Record, c, st)
		return err == nil
	}
	w.table.All(func(s *session.Session) bool { return s.Class() != session.Lasting || write(s) })
	for _, c := range [...]session.Class{session.Brief, session.Ephemeral, session.Over} {
		if err == nil {
			w.table.Queued(c, write)
		}
	}
	for _, e := range w.expected() {
		if err == nil {
			err = to.Expectation(&e)
		}
	}
	if err == nil {
		err = to.Close()
	}
	if err == nil {
		w.nat.Abandon()
	}
	return to.Counts(), err
}

// handedOver are the addresses of domain names that are known at now.
func (n *Names) handedOver(now session.Tick) (hosts []handover.Host) {
	all, _ := n.hosts.List(now)
	for _, e := range all {
		for _, h := range e.Hosts {
			if len(hosts) < handover.MaxHosts {
				hosts = append(hosts, handover.Host{Name: e.Name, By: h.By, Addr: h.Addr, Left: h.Left})
			}
		}
	}
	return hosts
}

// expected is a copy of what is outstanding, in the order in which it was made.
func (w *Worker) expected() []session.Expectation {
	type numbered struct {
		id uint32
		session.Expectation
	}
	list := make([]numbered, 0, w.expect.Len())
	w.expect.Walk(0, 1<<31-1, func(r session.Ref, e *session.Expectation) { list = append(list, numbered{r.ID, *e}) })
	slices.SortFunc(list, func(a, b numbered) int { return int(int32(a.id - b.id)) })
	all := make([]session.Expectation, len(list))
	for i := range list {
		all[i] = list[i].Expectation
	}
	return all
}

// tables are the names of what sessions keep numbers of.
func (n *Names) tables() handover.Tables {
	n.mu.RLock()
	defer n.mu.RUnlock()
	t := handover.Tables{
		Interfaces: slices.Clone(n.interfaces.names), Services: slices.Clone(n.services.names), Gateways: slices.Clone(n.gateways),
		Shapers: slices.Clone(n.shapers.values),
		Helpers: make([]handover.Helper, len(n.helpers)),
	}
	for i, h := range n.helpers {
		if h != nil {
			t.Helpers[i] = handover.Helper{Name: h.Name, Memory: h.Memory}
		}
	}
	for _, p := range n.profiles.values {
		t.Profiles = append(t.Profiles, p.handedOver())
	}
	return t
}

// interfaceNumber is the number of the interface of that name, where it has one.
func (n *Names) interfaceNumber(name string) (uint16, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	i, ok := n.interfaces.byName[name]
	return uint16(i), ok
}

// reads says whether a helper can read a protocol.
func (n *Names) reads(helper, proto uint8) bool {
	return slices.Contains(n.helpers[helper].Protocols, proto)
}
