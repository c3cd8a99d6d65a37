package session_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// expectModel is the expectations as a list, oldest first.
type expectModel struct {
	list []session.Expectation
	gone []session.Expectation
}

// meets says whether one flow could match both; zero is any port.
func meets(a, b packet.Key) bool {
	ap, bp := a.SrcPort, b.SrcPort
	a.SrcPort, b.SrcPort = 0, 0
	return a == b && (ap == bp || ap == 0 || bp == 0)
}

func (m *expectModel) add(e session.Expectation, perMaster, most int) session.AddResult {
	own := 0
	first := -1
	for i, x := range m.list {
		if meets(x.Match, e.Match) {
			// Any one that it meets decides; which is the table's own affair.
			if x.Master != e.Master || x.Match != e.Match {
				return session.Clash
			}
			m.list[i].Leave, m.list[i].Expires, m.list[i].Call, m.list[i].Back = e.Leave, max(m.list[i].Expires, e.Expires), e.Call, e.Back
			if e.Call != session.NoCall {
				m.list[i].Expires = e.Expires
			}
			return session.Refreshed
		}
		if x.Master.ID == e.Master.ID {
			if own == 0 {
				first = i
			}
			own++
		}
	}
	if own > 0 && own >= perMaster {
		m.remove(first)
	}
	if len(m.list) >= most {
		return session.Full
	}
	m.list = append(m.list, e)
	return session.Added
}

func (m *expectModel) remove(i int) {
	m.gone = append(m.gone, m.list[i])
	m.list = slices.Delete(m.list, i, i+1)
}

func (m *expectModel) removeIf(f func(*session.Expectation) bool) {
	for i := 0; i < len(m.list); {
		if f(&m.list[i]) {
			m.remove(i)
			continue
		}
		i++
	}
}

func expectKey(r *rand.Rand) packet.Key {
	k := keyOf(r)
	k.Proto = packet.ProtoTCP
	if r.IntN(2) == 0 {
		k.SrcPort = 0
	}
	return k
}

// TestExpectModel does random operations on the expectations and on a list.
func TestExpectModel(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		most := 1 + r.IntN(20)
		now := session.Tick(0)
		x := session.NewExpectations(most, 5, now)
		m := &expectModel{}
		for range 800 {
			var gone []session.Expectation
			note := func(e *session.Expectation) { gone = append(gone, *e) }
			m.gone = nil
			switch r.IntN(8) {
			case 0, 1, 2, 3:
				e := session.Expectation{
					Match: expectKey(r), Leave: expectKey(r), Master: session.Ref{Index: 7, ID: uint32(1 + r.IntN(4))},
					Created: now, Expires: now.Add(time.Duration(r.Int64N(int64(20 * time.Second)))),
				}
				per := 1 + r.IntN(4)
				if got, want := x.Add(&e, per, note), m.add(e, per, most); got != want {
					t.Fatalf("seed %d: added %v: %v, expected %v", seed, e.Match, got, want)
				}
			case 4:
				k := expectKey(r)
				e := x.Find(&k)
				i := slices.IndexFunc(m.list, func(e session.Expectation) bool {
					return e.Match == k || e.Match.SrcPort == 0 && meets(e.Match, k)
				})
				if (e != nil) != (i >= 0) || e != nil && e.Match != m.list[i].Match {
					t.Fatalf("seed %d: found %v for %v", seed, e, k)
				}
				if e != nil {
					m.list = slices.Delete(m.list, i, i+1)
					x.Remove(e)
				}
			case 5:
				id := uint32(1 + r.IntN(4))
				x.RemoveMaster(id, note)
				m.removeIf(func(e *session.Expectation) bool { return e.Master.ID == id })
			case 6:
				now = now.Add(time.Duration(r.Int64N(int64(5 * time.Second))))
				expire(t, x, m, now, note)
			default:
				taken(t, r, x, m)
			}
			compare(t, seed, x, m, gone)
		}
	}
}

// expire lets both sides forget what is due; the table may be late by a grain.
func expire(t *testing.T, x *session.Expectations, m *expectModel, now session.Tick, note func(*session.Expectation)) {
	kept := map[packet.Key]bool{}
	x.Expire(now, 1<<40, note)
	x.All(func(e *session.Expectation) bool {
		kept[e.Match] = true
		if late := now.Sub(e.Expires); late > grain {
			t.Fatalf("%v is %v late", e.Match, late)
		}
		return true
	})
	m.removeIf(func(e *session.Expectation) bool { return e.Expires <= now && !kept[e.Match] })
}

func taken(t *testing.T, r *rand.Rand, x *session.Expectations, m *expectModel) {
	k := expectKey(r)
	want := slices.ContainsFunc(m.list, func(e session.Expectation) bool { return meets(e.Match, k) })
	if got := x.Taken(&k); got != want {
		t.Fatalf("%v is taken: %v, expected %v", k, got, want)
	}
}

func compare(t *testing.T, seed uint64, x *session.Expectations, m *expectModel, gone []session.Expectation) {
	t.Helper()
	if err := x.CheckInvariants(func(session.Ref) bool { return true }); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	var have []packet.Key
	x.All(func(e *session.Expectation) bool { have = append(have, e.Match); return true })
	if got, want := sorted(have), matches(m.list); !slices.Equal(got, want) || x.Len() != len(want) {
		t.Fatalf("seed %d: outstanding %v, expected %v", seed, got, want)
	}
	if got, want := matches(gone), matches(m.gone); !slices.Equal(got, want) {
		t.Fatalf("seed %d: gone %v, expected %v", seed, got, want)
	}
}

func matches(list []session.Expectation) []string {
	var keys []packet.Key
	for i := range list {
		keys = append(keys, list[i].Match)
	}
	return sorted(keys)
}

func sorted(keys []packet.Key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.String())
	}
	slices.Sort(out)
	return out
}

func TestAnnounced(t *testing.T) {
	x := session.NewExpectations(10, 5, 0)
	never := func(e *session.Expectation) { t.Errorf("%v gave way", e.Match) }
	for i := range 3 {
		e := session.Expectation{Match: key(i + 1), Leave: key(100 + i), Master: session.Ref{ID: 5}, Expires: 1}
		if r := x.Add(&e, 10, never); r != session.Added {
			t.Fatal(r)
		}
	}
	leave := key(101)
	if e := x.Announced(5, &leave); e == nil || e.Match != key(2) {
		t.Errorf("announced as %v", e)
	}
	if x.Announced(6, &leave) != nil {
		t.Error("another master's")
	}
	other := key(200)
	if x.Announced(5, &other) != nil {
		t.Error("never announced")
	}
	if err := x.CheckInvariants(func(session.Ref) bool { return false }); err == nil {
		t.Error("an expectation outlived its master unnoticed")
	}
}

// TestExpectPerHost keeps one host from taking the table from the others.
func TestExpectPerHost(t *testing.T) {
	x := session.NewExpectations(session.MaxPerHost+10, 5, 0)
	add := func(host string, n int) session.AddResult {
		e := session.Expectation{Host: packet.MustAddr(host), Master: session.Ref{ID: uint32(n + 1)}, Expires: session.Tick(time.Minute)}
		e.Match = packet.Key{Src: packet.MustAddr("10.2.0.2"), Dst: e.Host, DstPort: uint16(n), Proto: packet.ProtoUDP}
		return x.Add(&e, 1, func(*session.Expectation) {})
	}
	for n := range session.MaxPerHost {
		if r := add("10.1.0.2", n); r != session.Added {
			t.Fatalf("expectation %d: %v", n, r)
		}
	}
	if r := add("10.1.0.2", session.MaxPerHost); r != session.Full {
		t.Errorf("one too many of a host: %v, expected %v", r, session.Full)
	}
	if r := add("10.1.0.3", 1); r != session.Added {
		t.Errorf("another host: %v, expected %v", r, session.Added)
	}
	x.RemoveMaster(1, func(*session.Expectation) {})
	if r := add("10.1.0.2", session.MaxPerHost); r != session.Added {
		t.Errorf("after one went: %v, expected %v", r, session.Added)
	}
	if err := x.CheckInvariants(func(session.Ref) bool { return true }); err != nil {
		t.Error(err)
	}
}

// TestExpectCall: of GRE the source port is a part of the key, and 0 no wildcard.
func TestExpectCall(t *testing.T) {
	x := session.NewExpectations(10, 5, 0)
	call := packet.Key{Src: packet.MustAddr("10.2.0.2"), Dst: packet.MustAddr("10.1.0.2"), DstPort: 7, Proto: packet.ProtoGRE}
	keyed := call
	keyed.SrcPort = 5
	none := func(*session.Expectation) {}
	if r := x.Add(&session.Expectation{Match: call, Leave: call, Master: session.Ref{ID: 1}, Expires: 100}, 8, none); r != session.Added {
		t.Fatal(r)
	}
	if x.Find(&call) == nil || x.Find(&keyed) != nil || !x.Taken(&call) || x.Taken(&keyed) {
		t.Error("a tunnel with a key is taken for the call")
	}
	if r := x.Add(&session.Expectation{Match: keyed, Leave: keyed, Master: session.Ref{ID: 2}, Expires: 100}, 8, none); r != session.Added {
		t.Errorf("the tunnel: %v", r)
	}
	if e := x.Find(&keyed); e == nil || e.Master.ID != 2 {
		t.Errorf("the tunnel is expected by %+v", e)
	}
}

// TestTags cancels, renews and lists groups of one master's expectations.
func TestTags(t *testing.T) {
	x := session.NewExpectations(10, 5, 0)
	gone := func(*session.Expectation) {}
	at := func(s int) session.Tick { return session.Tick(0).Add(time.Duration(s) * time.Second) }
	add := func(port uint16, tag uint32, until int, keeps bool) session.AddResult {
		return x.Add(&session.Expectation{
			Match: packet.Key{Src: packet.AddrFrom4([]byte{10, 0, 0, 1}), Dst: packet.AddrFrom4([]byte{10, 0, 0, 2}), DstPort: port, Proto: packet.ProtoUDP},
			Tag:   tag, Master: session.Ref{Index: 1, ID: 1}, Expires: at(until), Keeps: keeps,
		}, 10, gone)
	}
	add(1, 7, 30, false)
	add(2, 7, 30, false)
	add(3, 8, 60, true)
	if until := x.KeptUntil(1); until != at(60) {
		t.Errorf("kept until %v", until)
	}
	x.Renew(1, 7, at(100))
	if until := x.KeptUntil(1); until != at(100) {
		t.Errorf("renewed, kept until %v", until)
	}
	x.Renew(1, 7, at(20)) // shorter, too
	x.Expire(at(25), 1<<20, gone)
	if x.Len() != 1 {
		t.Errorf("%d are left, want 1", x.Len())
	}
	if r := add(3, 9, 40, false); r != session.Refreshed {
		t.Errorf("announced again: %v", r)
	}
	if list := x.OfTag(nil, 9, 1, 9, func(*session.Expectation) bool { return true }); len(list) != 1 || list[0].Expires != at(60) || !list[0].Keeps {
		t.Errorf("announced again: %+v; the later end and the newer tag count", list)
	}
	if add(3, 0, 40, false); len(x.OfTag(nil, 9, 1, 9, func(*session.Expectation) bool { return true })) != 1 {
		t.Error("announced again without a tag: it has lost its own")
	}
	x.RemoveTag(1, 9, gone)
	if x.Len() != 0 || x.KeptUntil(1) != 0 {
		t.Errorf("%d are left", x.Len())
	}
}

// TestRival: an expectation of the very same flow, of another control session, has a rival
// in what allows no more than it.
func TestRival(t *testing.T) {
	to := key(1)
	to.SrcPort = 0
	flow := session.Expectation{
		Master: session.Ref{ID: 1}, Helper: 3,
		Match: to, Leave: to,
	}
	with := func(change func(*session.Expectation)) session.Expectation {
		e := flow
		change(&e)
		return e
	}
	other := func(e *session.Expectation) { e.Master.ID = 2 }
	for _, c := range []struct {
		name     string
		old, new session.Expectation
		rival    bool
	}{
		{"the same", flow, with(other), true},
		{"of its own", flow, flow, false},
		{"another helper's", flow, with(func(e *session.Expectation) { other(e); e.Helper = 4 }), false},
		{"another host's", flow, with(func(e *session.Expectation) { other(e); e.Host = to.Dst }), false},
		{"another port", flow, with(func(e *session.Expectation) { other(e); e.Match.DstPort++ }), false},
		{"one port of the peer's", flow, with(func(e *session.Expectation) { other(e); e.Match.SrcPort = 9 }), false},
		{"leaves for another port", flow, with(func(e *session.Expectation) { other(e); e.Leave.DstPort++ }), false},
		{"of any number, for one", with(func(e *session.Expectation) { e.Many = true }), with(other), false},
		{"of one, for any number", flow, with(func(e *session.Expectation) { other(e); e.Many = true }), true},
		{"read, for one that is not", with(func(e *session.Expectation) { e.Helped = true }), with(other), false},
		{"of a call", with(func(e *session.Expectation) { e.Call = session.CallOpen }), with(other), false},
		{"for a call", flow, with(func(e *session.Expectation) { other(e); e.Call = session.CallOffered }), false},
	} {
		x := session.NewExpectations(8, 5, 0)
		if r := x.Add(&c.old, 8, func(*session.Expectation) {}); r != session.Added {
			t.Fatalf("%s: %v", c.name, r)
		}
		old := x.Rival(&c.new)
		if (old != nil) != c.rival {
			t.Errorf("%s: a rival: %v", c.name, old != nil)
		}
		if old == nil {
			continue
		}
		x.Remove(old)
		if r := x.Add(&c.new, 8, func(*session.Expectation) {}); r != session.Added || x.Len() != 1 {
			t.Errorf("%s: in its place: %v, %d", c.name, r, x.Len())
		}
	}
}
