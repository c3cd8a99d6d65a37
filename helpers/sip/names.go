package sip

// head is a kind of header that is read.
type head uint8

const (
	headOther head = iota
	headVia
	headFrom
	headTo
	headCallID
	headCSeq
	headContact
	headLength
	headType
	headEncoding
	headExpires
	headRoute    // and others whose URIs are where messages go
	headIdentity // and others whose URIs are who somebody is
)

// names are those of the headers that are read, and their compact forms, in lower case
// (RFC 3261 section 7.3.3, RFC 3515, RFC 3892).
var names = [...]struct {
	text string
	kind head
}{
	{"via", headVia}, {"v", headVia}, {"from", headFrom}, {"f", headFrom}, {"to", headTo}, {"t", headTo},
	{"call-id", headCallID}, {"i", headCallID}, {"cseq", headCSeq}, {"contact", headContact}, {"m", headContact},
	{"content-length", headLength}, {"l", headLength}, {"content-type", headType}, {"c", headType},
	{"content-encoding", headEncoding}, {"e", headEncoding}, {"expires", headExpires},
	{"route", headRoute}, {"record-route", headRoute}, {"path", headRoute}, {"service-route", headRoute},
	{"refer-to", headRoute}, {"r", headRoute}, {"referred-by", headIdentity}, {"b", headIdentity},
	{"p-asserted-identity", headIdentity}, {"p-preferred-identity", headIdentity}, {"remote-party-id", headIdentity},
}

// key is what a name of less than 16 characters is looked up by: those of a short one,
// less than eight, and how many there are in the highest byte; the first eight of a long
// one, and the others.
type key struct {
	first, second word
	kind          head
}

// shorts and longs are those of the names by hash; where that is taken, one of the next.
var shorts, longs = func() (short, long [64]key) {
	for _, n := range names {
		b := append([]byte(n.text), make([]byte, 16)...)
		k, t := key{wordAt(b, 0), wordAt(b, 8), n.kind}, &long
		switch {
		case len(n.text) >= 16:
			continue
		case len(n.text) < 8:
			k.first |= word(len(n.text)) << 56
			t = &short
		}
		i := (k.first + k.second).hash()
		for t[i].kind != headOther {
			i = (i + 1) % uint(len(t))
		}
		t[i] = k
	}
	return short, long
}()

func (w word) hash() uint { return uint(w * odd >> 58) }

// shortKind is the kind of a header whose name has n characters, less than eight: those
// of w, in lower case.
func shortKind(w word, n int) head {
	w |= word(n) << 56
	for i := w.hash(); ; i = (i + 1) % uint(len(shorts)) {
		if k := &shorts[i]; k.first == w || k.kind == headOther {
			return k.kind
		}
	}
}

// longKind is the kind of a header whose name has more, but less than 16.
func longKind(first, second word) head {
	for i := (first + second).hash(); ; i = (i + 1) % uint(len(longs)) {
		if k := &longs[i]; k.first == first && k.second == second || k.kind == headOther {
			return k.kind
		}
	}
}

// kindOf is the kind of a header of that name.
func kindOf(b []byte) head {
	for i := range names {
		if fold(b, names[i].text) {
			return names[i].kind
		}
	}
	return headOther
}
