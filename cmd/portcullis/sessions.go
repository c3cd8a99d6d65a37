package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"portcullis/engine"
	"portcullis/handover"
	"portcullis/session"
)

// Theory of operation.
//
// The file of sessions is written whole beside its name and then takes it, so
// that no start finds half of one. A start reads it twice: first to its end, to
// know that it is all there, then to take it up. In between it removes the file:
// what is taken up twice would have two lives, and two ends in the log. So a
// start that fails behind that writes the file again, as every end does.

// sessionsFile is where the sessions go at the end, "" where they end themselves.
func (o *runOptions) sessionsFile() string {
	switch o.sessions {
	case "none":
		return ""
	case "":
		return filepath.Join(o.stateDir, "sessions")
	}
	return o.sessions
}

// keep writes the live sessions, as they were at now, for the next start. It
// reports false where they are not written, and so still to be logged.
func (d *daemon) keep(now session.Tick, written time.Time) bool {
	path := d.opts.sessionsFile()
	if path == "" {
		return false
	}
	began := time.Now()
	counts, size, err := d.writeSessions(path, now, written)
	if err != nil {
		d.log.Error(fmt.Sprintf("sessions not written: %v: each is logged as ended", err))
		return false
	}
	d.log.Info("sessions written", zap.String("file", path), zap.Uint32("sessions", counts.Sessions),
		zap.Uint32("expectations", counts.Expectations), zap.Int64("bytes", size), zap.Stringer("took", sinceRounded(began)))
	return true
}

func (d *daemon) writeSessions(path string, now session.Tick, written time.Time) (counts handover.Counts, size int64, err error) {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return counts, 0, err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return counts, 0, err
	}
	counts, err = d.worker.HandOver(now, f, program(), written)
	if err == nil {
		err = f.Sync() // a disk that is full may say so only now
	}
	if err == nil {
		size, err = f.Seek(0, io.SeekCurrent)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(next))
	}
	return counts, size, err
}

// takeUp takes up the sessions that an earlier run has written, where there are
// any, and removes the file. Where that can not be done it says why, and the
// table stays empty.
func (d *daemon) takeUp() {
	path := d.opts.sessionsFile()
	if path == "" {
		return
	}
	f, err := openSessions(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		d.refuseSessions(path, err)
		return
	}
	defer f.Close()
	if err := os.Remove(path); err != nil {
		d.log.Error(fmt.Sprintf("sessions not taken up: %v: expected to remove the file, so that they are not taken up twice", err))
		return
	}
	if err := d.inherit(path, f); err != nil { // only where the file changed meanwhile
		d.log.Error(fmt.Sprintf("sessions not all taken up: %s: %v", path, err))
	}
}

// openSessions opens a file of sessions that is all there and that this version
// can read.
func openSessions(path string) (f *os.File, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("expected a file, found %v", info.Mode().Type())
	}
	if f, err = os.Open(path); err != nil {
		return nil, err
	}
	_, _, err = handover.Check(f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// refuseSessions moves a file aside that can not be taken up.
func (d *daemon) refuseSessions(path string, why error) {
	aside := path + ".refused"
	moved := "moved aside to " + aside
	if err := os.Rename(path, aside); err != nil {
		moved = "not moved aside: " + err.Error()
	}
	d.log.Warn(fmt.Sprintf("sessions not taken up: %s: %v: %s", path, why, moved))
}

// inheritPortion is how many sessions are taken up at a time.
const inheritPortion = 1024

// inherit takes up what f holds. No port is served yet, but time passes.
func (d *daemon) inherit(path string, f io.Reader) error {
	in, err := handover.NewReader(f)
	if err != nil {
		return err
	}
	began, away := time.Now(), time.Since(in.Header().Written)
	var heir *engine.Heir
	d.plane.Do(func(now session.Tick) { heir = d.worker.Inherit(now, in.Header(), away) })
	var rec handover.Record
	var fates [2][engine.NumFates]int // by kind
	p := pace{ring: d.events}
	for err == nil {
		d.plane.Do(func(now session.Tick) {
			for n := 0; n < inheritPortion; n++ {
				if err = in.Next(&rec); err != nil {
					return
				}
				fates[rec.Kind][heir.Take(now, &rec)]++
			}
		})
		p.wait()
	}
	d.plane.Do(func(session.Tick) { heir.Finish() })
	fields := []zap.Field{
		zap.String("file", path), zap.Int("sessions", fates[handover.KindSession][engine.Taken]),
		zap.Int("expectations", fates[handover.KindExpectation][engine.Taken]),
		zap.Stringer("away", away.Round(time.Millisecond)), zap.Stringer("took", sinceRounded(began)),
	}
	for f := engine.Taken + 1; f < engine.NumFates; f++ {
		if n := fates[handover.KindSession][f] + fates[handover.KindExpectation][f]; n > 0 {
			fields = append(fields, zap.Int(f.String(), n))
		}
	}
	d.log.Info("sessions taken up", fields...)
	if err == io.EOF {
		return nil
	}
	return err
}

// pace keeps whoever makes many events at once from making them faster than the
// traffic log takes them. One that takes none for long loses them.
type pace struct {
	ring   interface{ Len() int }
	waited time.Duration // for the log to take any
	left   int           // in the ring when it last took some
}

// pacePortion is how many events may be made between two calls of wait.
const pacePortion = eventRing / 4

func (p *pace) wait() {
	const patience, nap = 10 * time.Second, 5 * time.Millisecond
	for n := p.ring.Len(); n > pacePortion && p.waited < patience; n = p.ring.Len() {
		if n != p.left {
			p.left, p.waited = n, 0
		}
		time.Sleep(nap)
		p.waited += nap
	}
}

func sinceRounded(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }

// program is the name and version of this program.
func program() string { return "portcullis " + version + revision() }
