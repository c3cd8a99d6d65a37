package sip

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers"
)

// made is a text of parts that are drawn.
func made(r *rand.Rand, most int, parts []string) string {
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// TestHeaderQuickly: a header is found to be of the same kind, with the same value, by
// the word and by the byte.
func TestHeaderQuickly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{":", " ", "\t", "\x00", "\r", "\n ", "-", "x", "\xff", "@", "[", "content", "length", "a", "P-Asserted-Identity", "Max-Forwards"}
	for _, n := range names {
		parts = append(parts, n.text, strings.ToUpper(n.text))
	}
	read := map[head]int{}
	for range 200000 {
		line := made(r, 3, parts) + made(r, 1, []string{":", ": ", " : "}) + made(r, 3, parts) + "\r\n"
		line = strings.TrimLeft(line, "\r\n")
		b := []byte(line + made(r, 2, parts)) // what is behind does not matter
		if line == "" {
			continue
		}
		var quick, slow header
		quick.read(b, 0, len(line))
		slow.slowly(b, span{0, len(line)})
		if quick.kind != slow.kind || slow.kind != headOther && quick.value != slow.value && !(quick.value.empty() && slow.value.empty()) {
			t.Fatalf("%q: kind %d, value %v; by the byte %d, %v", line, quick.kind, quick.value, slow.kind, slow.value)
		}
		read[slow.kind]++
	}
	for k := headOther; k <= headIdentity; k++ {
		if read[k] < 100 {
			t.Errorf("kind %d was drawn %d times", k, read[k])
		}
	}
}

// TestPortAt: a port is read alike by the digit and as a number.
func TestPortAt(t *testing.T) {
	for _, text := range []string{"", "0", "5060", "65535", "65536", "99999", "655350", "0005060", "18446744073709551617", "x", "70000000000000000000"} {
		want, ok := port([]byte(text))
		if !ok {
			want = 0
		}
		if got, end := portAt([]byte(text+";9"), 0, len(text)+2); got != want || text != "x" && end != len(text) {
			t.Errorf("%q: %d, up to %d; as a number %d", text, got, end, want)
		}
	}
}

// TestURIQuickly: a URI that is read in the common way is read alike in any.
func TestURIQuickly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	parts := []string{"sip:", "SIP:", "sips:", "alice", "@", ":", "5060", "0", "70000", "192.0.2.10", "192.0.2.1", "0", "198.51.100.20",
		"example.com", "[2001:db8::1]", ";transport=tcp", "?", " ", ","}
	var ends hosts
	for i, host := range []string{"192.0.2.10", "198.51.100.20"} {
		a := netip.MustParseAddr(host)
		text := helpers.TextOf(a)
		ends[i].set(a, &text)
	}
	common := 0
	for range 300000 {
		text := made(r, 1, []string{"sip:", "sip:al@", "sip:a-very-long-name@"}) + made(r, 4, parts)
		b := []byte(text + ">" + made(r, 2, parts))
		var quick, slow uri
		end := quick.quickly(b, 0, len(b), &ends)
		if end == 0 {
			continue
		}
		common++
		if ok := slow.parse(b, span{0, end}, &ends); !ok || quick != slow || b[end] != '>' {
			t.Fatalf("%q: %+v up to %d; else %v, %+v", b, quick, end, ok, slow)
		}
	}
	if common < 10000 {
		t.Errorf("%d were of the common kind", common)
	}
}

// TestStops: characters are found by the word where they are.
func TestStops(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	parts := []string{";", ",", "\"", ":", "\x3a", "\xbb", "\xac", "a", "bcd", "efghijkl"}
	for range 100000 {
		b := []byte(made(r, 12, parts))
		at := r.IntN(len(b) + 1)
		to := at + r.IntN(len(b)-at+1)
		want := to
		if i := strings.IndexAny(string(b[at:to]), ";,\""); i >= 0 {
			want = at + i
		}
		if got := endsList.before(b, at, to); got != want {
			t.Fatalf("%q from %d up to %d: %d, expected %d", b, at, to, got, want)
		}
	}
}
