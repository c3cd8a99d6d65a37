package session

// Walk calls f for the live ones among the n records from index from on, and
// returns the index to go on from, 0 at the end of the table. f borrows the
// session and may remove it. A session does not move while it lives, so a walk
// in several steps meets each at most once; it may miss one that began behind
// its back.
func (t *Table) Walk(from uint32, n int, f func(*Session)) (next uint32) {
	end := from + uint32(n)
	if end >= t.used || end < from {
		end = t.used
	}
	for i := from; i < end; i++ {
		if s := t.at(i); s.live {
			f(s)
		}
	}
	if end == t.used {
		return 0
	}
	return end
}

// Walk calls f for the outstanding ones among the n records from index from on,
// as Table.Walk does. f must not change the table.
func (x *Expectations) Walk(from uint32, n int, f func(r Ref, e *Expectation)) (next uint32) {
	end := min(uint64(from)+uint64(n), uint64(len(x.recs)))
	for i := uint64(from); i < end; i++ {
		if e := &x.recs[i]; e.live {
			f(Ref{Index: uint32(i), ID: e.id}, e)
		}
	}
	if end == uint64(len(x.recs)) {
		return 0
	}
	return uint32(end)
}

// Take takes out the expectation that r names, where it is still outstanding,
// handing it to gone first.
func (x *Expectations) Take(r Ref, gone func(*Expectation)) bool {
	if uint64(r.Index) >= uint64(len(x.recs)) || !x.recs[r.Index].live || x.recs[r.Index].id != r.ID {
		return false
	}
	gone(&x.recs[r.Index])
	x.remove(r.Index)
	return true
}
