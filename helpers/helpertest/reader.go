package helpertest

import (
	"bytes"
	"fmt"

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
	events []event
	why    string
	tls    bool // it is gone because of TLS
	gone   bool
	unread bool    // a turn ended within a message
	plain  [2]bool // by direction: whose senders are not translated
}

// read reads the turns of d, each cut in the pieces that cut makes of it.
func read(h *helpers.Helper, d *Dialogue, cut func(string) []string) (*reader, error) {
	return (&reader{h: h, d: d}).read(cut)
}

func (r *reader) read(cut func(string) []string) (*reader, error) {
	d := r.d
	for i, t := range d.Turns {
		r.turn = i
		for _, piece := range cut(t.Text) {
			if err := r.feed(t.Dir, piece); err != nil {
				return r, fmt.Errorf("turn %d: %w", i, err)
			}
		}
		r.unread = r.unread || !r.gone && len(r.bufs[t.Dir]) > 0
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
	base := r.base[dir]
	add := func(kind eventKind, e helpers.Expect, from, to int) {
		ev := event{Kind: kind, Turn: r.turn, Dir: dir, Expect: e, From: from, To: to}
		if e.Edit.Len > 0 {
			ev.Off = base + e.Edit.Off
		}
		ev.Expect.Edit.Off = 0
		r.events = append(r.events, ev)
	}
	if f.Cancel {
		add(eventCancel, helpers.Expect{}, 0, 0)
	}
	if f.CancelTag != 0 {
		add(eventCancelTag, helpers.Expect{Tag: f.CancelTag}, 0, 0)
	}
	if f.EndTag != 0 {
		add(eventEndTag, helpers.Expect{Tag: f.EndTag}, 0, 0)
	}
	if f.RenewTag != 0 {
		add(eventRenewTag, helpers.Expect{Tag: f.RenewTag, Lifetime: f.RenewFor}, 0, 0)
	}
	if f.Keep != 0 {
		add(eventKeep, helpers.Expect{Lifetime: f.Keep}, 0, 0)
	}
	f.Each(func(e helpers.Expect) {
		add(eventAnnounce, e, 0, 0)
	}, func(m helpers.Mention) {
		add(eventMention, helpers.Expect{Endpoint: m.Endpoint, Edit: m.Edit}, 0, 0)
	}, func(l helpers.Length) {
		add(eventLength, helpers.Expect{Edit: l.Edit}, base+l.From, base+l.To)
	}, func(tag uint32) {
		add(eventCancelTag, helpers.Expect{Tag: tag}, 0, 0)
	})
	if f.Over {
		add(eventOver, helpers.Expect{}, 0, 0)
	}
}

// inspect calls the helper twice on equal input and compares.
func (r *reader) inspect(dir packet.Dir) (helpers.Status, *helpers.Findings, error) {
	src, dst := r.d.ends(dir)
	ends := helpers.EndsOf(src, dst, src, dst)
	ends.SrcPlain, ends.DstPlain = r.plain[dir], r.plain[dir.Other()]
	data := bytes.Clone(r.bufs[dir])
	data = data[:len(data):len(data)]
	states := [2]helpers.State{r.state, r.state}
	var found [2]helpers.Findings
	var status [2]helpers.Status
	for i := range status {
		seg := helpers.Segment{
			Dir: dir, Proto: r.d.Proto, Data: data, Final: r.d.Proto == packet.ProtoUDP, State: &states[i],
			Ends: &ends,
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
	limit := len(data)
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
	if f.Over && (!r.h.Ends || r.d.Proto != packet.ProtoUDP) {
		return fmt.Errorf("the end was found by a helper that finds none: %q", data)
	}
	if f.Keep < 0 || f.Keep > 0 && !r.h.Keeps {
		return fmt.Errorf("kept for %v by a helper that keeps none: %q", f.Keep, data)
	}
	if f.RenewTag != 0 && f.RenewFor <= 0 {
		return fmt.Errorf("renewed for %v: %q", f.RenewFor, data)
	}
	return r.lawfulFindings(f, data[:limit])
}

// lawfulFindings checks what was found in data.
func (r *reader) lawfulFindings(f *helpers.Findings, data []byte) error {
	var edits []helpers.Edit
	var lengths []helpers.Length
	var bad error
	expects := 0
	f.Each(func(e helpers.Expect) {
		expects++
		if e.Endpoint.Port() == 0 && e.Call == helpers.NoCall || (e.Call != helpers.NoCall) != (e.Proto == packet.ProtoGRE) || !e.Endpoint.Addr().IsValid() || e.Proto == 0 {
			bad = fmt.Errorf("announced %v, protocol %d", e.Endpoint, e.Proto)
		}
		if e.Pair {
			expects++
			if e.Endpoint.Port() == 0xffff {
				bad = fmt.Errorf("announced a pair at %v, behind which there is no port", e.Endpoint)
			}
		}
		edits = append(edits, e.Edit)
	}, func(m helpers.Mention) {
		if !r.h.Mentions || m.Edit.Len == 0 || !m.Endpoint.Addr().IsValid() {
			bad = fmt.Errorf("mentioned %v in %+v", m.Endpoint, m.Edit)
		}
		edits = append(edits, m.Edit)
	}, func(l helpers.Length) {
		if r.h.SpellLength == nil || l.Edit.Len == 0 || l.From < 0 || l.To < l.From || l.To > len(data) {
			bad = fmt.Errorf("measured %+v in %d bytes", l, len(data))
		}
		edits, lengths = append(edits, l.Edit), append(lengths, l)
	}, func(tag uint32) {
		if tag == 0 {
			bad = fmt.Errorf("what has no tag is void")
		}
	})
	if bad != nil {
		return bad
	}
	if expects > r.h.MaxExpects {
		return fmt.Errorf("%d announcements in one call, at most %d may stand", expects, r.h.MaxExpects)
	}
	return apart(edits, lengths, len(data))
}

// apart checks that edits are in order, apart and within n bytes, and that no
// length counts a part of one.
func apart(edits []helpers.Edit, lengths []helpers.Length, n int) error {
	end := 0
	for _, e := range edits {
		if e.Len == 0 {
			continue
		}
		if e.Off < end || e.Len < 0 || e.Off+e.Len > n {
			return fmt.Errorf("edit %+v in %d bytes, after %d", e, n, end)
		}
		end = e.Off + e.Len
		for _, l := range lengths {
			if e.Off < l.From && l.From < end || e.Off < l.To && l.To < end {
				return fmt.Errorf("length %+v cuts edit %+v", l, e)
			}
		}
	}
	return nil
}
