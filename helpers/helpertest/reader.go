package helpertest

import (
	"bytes"
	"fmt"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// reader is the dumbest framework there is: it gathers bytes and calls the helper
// with all that was not read. It checks each call against the laws.
type reader struct {
	h      *helpers.Helper
	d      *Dialogue
	state  helpers.State
	bufs   [2][]byte
	base   [2]int // stream offset of the first byte of bufs
	turn   int
	call   int
	events []event
	why    string
	tls    bool // it is gone because of TLS
	gone   bool
}

// read reads the turns of d, each cut in the pieces that cut makes of it.
func read(h *helpers.Helper, d *Dialogue, cut func(string) []string) (*reader, error) {
	r := &reader{h: h, d: d}
	for i, t := range d.Turns {
		r.turn = i
		for _, piece := range cut(t.Text) {
			if err := r.feed(t.Dir, piece); err != nil {
				return r, fmt.Errorf("turn %d: %w", i, err)
			}
		}
		if d.Proto == packet.ProtoUDP {
			r.base[t.Dir] += len(r.bufs[t.Dir])
			r.bufs[t.Dir] = nil
		}
	}
	return r, nil
}

// whole cuts nothing.
func whole(s string) []string { return []string{s} }

func (r *reader) feed(dir packet.Dir, piece string) error {
	r.bufs[dir] = append(r.bufs[dir], piece...)
	for !r.gone && (len(r.bufs[dir]) > 0 || r.d.Proto == packet.ProtoUDP) {
		status, f, err := r.inspect(dir)
		if err != nil {
			return err
		}
		if status == helpers.Foreign {
			r.gone, r.why, r.tls = true, f.Why, f.Encrypted
			return nil
		}
		r.note(dir, f)
		n := len(r.bufs[dir])
		if status != helpers.Read {
			n = f.Consumed
		}
		r.bufs[dir] = r.bufs[dir][n:]
		r.base[dir] += n
		if status == helpers.Partial || len(r.bufs[dir]) == 0 {
			return nil
		}
	}
	return nil
}

func (r *reader) note(dir packet.Dir, f *helpers.Findings) {
	add := func(is bool, kind eventKind, tag uint32, d time.Duration) {
		if is {
			r.events = append(r.events, event{Turn: r.turn, Dir: dir, Kind: kind, Off: int(tag), To: int(d)})
		}
	}
	add(f.Cancel, eventCancel, 0, 0)
	add(f.CancelTag != 0, eventCancel, f.CancelTag, 0)
	add(f.EndTag != 0, eventEnd, f.EndTag, 0)
	add(f.RenewTag != 0, eventRenew, f.RenewTag, f.RenewFor)
	for range f.All {
		r.call++
		break
	}
	for x := range f.All {
		ev := event{Turn: r.turn, Dir: dir, Call: r.call}
		switch {
		case x.Expect != nil:
			ev.Expect = *x.Expect
		case x.Mention != nil:
			ev.Kind, ev.Expect = eventMention, helpers.Expect{Endpoint: x.Mention.Endpoint, Edit: x.Mention.Edit}
		default:
			ev.Kind, ev.Expect = eventLength, helpers.Expect{Edit: x.Length.Edit}
			ev.From, ev.To = r.base[dir]+x.Length.From, r.base[dir]+x.Length.To
		}
		if ev.Expect.Edit.Len > 0 {
			ev.Off = r.base[dir] + ev.Expect.Edit.Off
		}
		ev.Expect.Edit.Off = 0
		r.events = append(r.events, ev)
	}
}

// inspect calls the helper twice on equal input and compares.
func (r *reader) inspect(dir packet.Dir) (helpers.Status, *helpers.Findings, error) {
	src, dst := r.d.ends(dir)
	data := bytes.Clone(r.bufs[dir])
	data = data[:len(data):len(data)]
	states := [2]helpers.State{r.state, r.state}
	var found [2]helpers.Findings
	var status [2]helpers.Status
	for i := range status {
		seg := helpers.Segment{
			Dir: dir, Proto: r.d.Proto, Data: data, Src: src, Dst: dst,
			Final: r.d.Proto == packet.ProtoUDP, State: &states[i],
		}
		status[i] = r.h.Inspect(&seg, &found[i])
		if !bytes.Equal(data, r.bufs[dir]) {
			return 0, nil, fmt.Errorf("input was changed")
		}
	}
	if status[0] != status[1] || states[0] != states[1] || found[0] != found[1] {
		return 0, nil, fmt.Errorf("equal input %q was answered differently", data)
	}
	r.state = states[0]
	return status[0], &found[0], r.lawful(status[0], &found[0], data)
}

// lawful checks one answer.
func (r *reader) lawful(status helpers.Status, f *helpers.Findings, data []byte) error {
	end, limit := 0, len(data)
	if f.Encrypted && status != helpers.Foreign {
		return fmt.Errorf("encrypted, and yet not foreign: %q", data)
	}
	switch status {
	case helpers.Foreign:
		if f.Why == "" {
			return fmt.Errorf("foreign without a reason: %q", data)
		}
		return nil
	case helpers.Partial:
		limit = f.Consumed
		if r.d.Proto == packet.ProtoUDP {
			return fmt.Errorf("a datagram is never partial: %q", data)
		}
		if limit < 0 || limit >= len(data) || len(data)-limit > r.h.MaxHold {
			return fmt.Errorf("partial after %d of %d bytes, at most %d may be held", limit, len(data), r.h.MaxHold)
		}
	case helpers.More:
		limit = f.Consumed
		if limit <= 0 || limit > len(data) {
			return fmt.Errorf("more after %d of %d bytes", limit, len(data))
		}
	}
	n := 0
	for range f.Expects {
		n++
	}
	if n > r.h.MaxExpects {
		return fmt.Errorf("%d announcements in one call, at most %d may stand", n, r.h.MaxExpects)
	}
	for x := range f.All {
		var e helpers.Edit
		switch {
		case x.Mention != nil:
			if e = x.Mention.Edit; !x.Mention.Endpoint.Addr().IsValid() || e.Len == 0 {
				return fmt.Errorf("mentioned %+v", *x.Mention)
			}
		case x.Length != nil:
			if e = x.Length.Edit; x.Length.From > x.Length.To || x.Length.To > limit || x.Length.From < 0 || e.Len == 0 {
				return fmt.Errorf("measured %+v of %d bytes", *x.Length, limit)
			}
		default:
			if e = x.Expect.Edit; x.Expect.Endpoint.Port() == 0 || !x.Expect.Endpoint.Addr().IsValid() || x.Expect.Proto == 0 {
				return fmt.Errorf("announced %v, protocol %d", x.Expect.Endpoint, x.Expect.Proto)
			}
		}
		if e.Len == 0 {
			continue
		}
		if e.Off < end || e.Len < 0 || e.Off+e.Len > limit {
			return fmt.Errorf("edit %+v in %d bytes, after %d", e, limit, end)
		}
		end = e.Off + e.Len
	}
	return nil
}
