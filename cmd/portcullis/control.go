package main

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"portcullis/control"
	"portcullis/dataplane"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// controlOptions are the flags of run that have to do with the control socket.
type controlOptions struct {
	path  string // "": in the state directory; "none": there is none
	group string
}

func (o *controlOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.path, "control", "", "the `socket` that diagnose and get ask; none is none (default control.sock in the state directory)")
	c.Flags().StringVar(&o.group, "control-group", "", "the `group` whose members may use the control socket, beside root")
}

// listenControl opens the control socket, or none.
func (o *runOptions) listenControl() (net.Listener, error) {
	switch o.control.path {
	case "none":
		return nil, nil
	case "":
		return control.Listen(filepath.Join(o.stateDir, filepath.Base(control.DefaultSocket)), o.control.group)
	}
	return control.Listen(o.control.path, o.control.group)
}

func closeSocket(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

// serveControl answers what comes in by the control socket, which it takes, until
// it is closed. That must come before the end of the daemon.
func (d *daemon) serveControl(l net.Listener) io.Closer {
	if l == nil {
		return io.NopCloser(nil)
	}
	s := control.NewServer(&view{d.plane, d.worker, d.names}, d.names)
	go func() {
		if err := s.Serve(l); err != nil {
			d.log.Error(fmt.Sprintf("control socket: %v", err))
		}
	}()
	return s
}

// view is the engine as the control server reads it, under the plane's lock.
type view struct {
	plane  *dataplane.Plane
	worker *engine.Worker
	names  *engine.Names
}

var _ control.Source = (*view)(nil)

// Sessions copies a page of sessions, which packets of established sessions go on
// beside.
func (v *view) Sessions(cursor uint64, page []control.Record) (n int, next uint64, at control.Moment) {
	v.plane.Look(func(now session.Tick) {
		at = control.Moment{Now: now}
		next = uint64(v.worker.SessionsFrom(uint32(cursor), len(page), func(s *session.Session) {
			r := &page[n]
			n++
			s.Copy(&r.Session, runtime.Gosched)
			r.Ref, r.Dirty = r.Session.Ref(), v.worker.Dirty(s)
			for d := range r.Offset {
				r.Offset[d] = control.Offset(v.worker.Offset(s, packet.Dir(d)))
			}
		}))
	})
	return n, next, at
}

// Expectations copies a page of expectations. Their flows go the way of the
// control session, from the side that opens them.
func (v *view) Expectations(cursor uint64, page []control.ExpectRecord) (n int, next uint64, at control.Moment) {
	v.plane.Do(func(now session.Tick) {
		at = control.Moment{Now: now}
		next = uint64(v.worker.ExpectationsFrom(uint32(cursor), len(page), func(ref session.Ref, e *session.Expectation, master *session.Session) {
			page[n] = control.ExpectRecord{
				Ref: ref, Expect: *e,
				In: master.Out[e.Opener.Other()], Out: master.Out[e.Opener],
				Against: (e.Opener == packet.Reply) != master.Against,
			}
			n++
		}))
	})
	return n, next, at
}

// DataRanges copies a page of data ranges, whose connections go the way of the control
// session.
func (v *view) DataRanges(cursor uint64, page []control.RangeRecord) (n int, next uint64, at control.Moment) {
	v.plane.Look(func(now session.Tick) {
		at = control.Moment{Now: now}
		next = uint64(v.worker.DataRangesFrom(uint32(cursor), len(page), func(r engine.DataRange, master *session.Session) {
			page[n] = control.RangeRecord{
				Match: r.Match, Leave: r.Leave, Last: r.Last, Limit: r.Limit, Used: r.Used, Blocked: r.Shut,
				Master: master.ID, Policy: master.Policy, Service: master.Service, Helper: master.Helper, Created: master.Created,
				In: master.Out[packet.Reply], Out: master.Out[packet.Original], Against: master.Against,
			}
			n++
		}))
	})
	return n, next, at
}

// Clear ends sessions.
func (v *view) Clear(refs []session.Ref) (n int) {
	v.plane.Do(func(now session.Tick) { n = v.worker.Clear(now, refs) })
	return n
}

// ClearExpectations takes out expectations.
func (v *view) ClearExpectations(refs []session.Ref) (n int) {
	v.plane.Do(func(now session.Tick) { n = v.worker.ClearExpectations(now, refs) })
	return n
}

// Counters are the engine's.
func (v *view) Counters() (c control.Counters) {
	v.plane.Do(func(session.Tick) {
		st := v.worker.Stats()
		c = control.Counters{
			Sessions: st.Sessions, Expectations: st.Expectations, MaxSessions: st.MaxSessions, MaxExpectations: st.MaxExpected,
			Created: st.Created, Cleared: st.Cleared, Clashes: st.Clashes,
			Ephemeral: st.Ephemeral, MaxEphemeral: st.MaxEphemeral, Removable: st.Removable, Tension: st.Tension,
			DataRanges: st.DataRanges, RangeChildren: st.RangeChildren, RangeRefused: st.RangeRefused,
			Mappings: st.Mappings, Exhausted: st.Exhausted,
		}
	})
	return c
}
