package sip

// lengths are the bits of so many characters in two words.
var lengths = func() (t [17][2]word) {
	for n := range t {
		t[n] = [2]word{(^word(0)).upTo(min(n, 8)), (^word(0)).upTo(max(n-8, 0))}
	}
	return t
}()

// text is up to 16 characters in lower case, as messages are compared with them.
type text struct {
	first, second word
	of            [2]word // which bits of them there are
	n             int
}

func textOf(s string) text {
	var b [16]byte
	n := copy(b[:], s)
	return text{wordAt(b[:], 0), wordAt(b[:], 8), lengths[n], n}
}

// begins says whether t is at, in any case.
func (t *text) begins(b []byte, at int) bool {
	return wordAt(b, at).lower()&t.of[0] == t.first && (t.n <= 8 || wordAt(b, at+8).lower()&t.of[1] == t.second)
}

// starts says whether s begins with t, in any case.
func (t *text) starts(b []byte, s span) bool { return s.to-s.from >= t.n && t.begins(b, s.from) }

// is says whether s is t, in any case.
func (t *text) is(b []byte, s span) bool { return s.to-s.from == t.n && t.begins(b, s.from) }
