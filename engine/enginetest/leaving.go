package enginetest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
)

// leaving is a packet that left and that the script has not yet told of.
type leaving struct {
	port     string
	text     string
	answer   bool
	via      string // the next hop, where it is not the destination
	fragment string
}

// String is the line of a script that tells of it.
func (l *leaving) String() string {
	s := l.port + " > " + l.text
	if l.answer {
		s += " answer"
	}
	if l.via != "" {
		s += " via " + l.via
	}
	if l.fragment != "" {
		s += " fragment " + l.fragment
	}
	return s
}

// collect notes what the worker made by itself. ttl is the hop limit that its
// cause arrived with.
func (r *runner) collect(ttl int, bad bool) {
	r.t.Helper()
	gen := r.worker.Generated()
	for i := range gen {
		r.sent(&gen[i], ttl, bad)
	}
}

// sent notes a packet that left and checks what holds of every one.
func (r *runner) sent(s *engine.Slot, ttl int, bad bool) {
	r.t.Helper()
	l := leaving{port: r.names.Interface(s.Out), answer: s.Verdict == engine.Answer}
	var p packet.Packet
	if why := p.Parse(append([]byte(nil), s.Frame...), s.Offload); why != packet.ReasonNone {
		r.fail("a packet left that does not parse: %v: %x", why, s.Frame)
		return
	}
	l.text = packettest.Text(&p)
	if !bad && strings.HasSuffix(" "+l.text+" ", " badsum ") || !bad && !p.ChecksumOK() {
		r.fail("a packet left with a wrong checksum: %s", l.text)
	}
	if got := hopLimit(&p); !l.answer && got != ttl-1 {
		r.fail("a packet arrived with hop limit %d and left with %d: %s", ttl, got, l.text)
	}
	if _, dst := p.Addrs(); s.NextHop != dst {
		l.via = s.NextHop.String()
	}
	if s.FragmentTo != 0 {
		l.fragment = strconv.Itoa(int(s.FragmentTo))
		r.fragments(&p, int(s.FragmentTo))
	}
	r.left = append(r.left, l)
}

// fragments checks that a packet which is to be fragmented can be.
func (r *runner) fragments(p *packet.Packet, mtu int) {
	n := 0
	ok := packet.Fragment(p, mtu, func(frame []byte) {
		var f packet.Packet
		if why := f.Parse(frame, packet.Offload{}); why != packet.ReasonNone || len(f.Frame)-int(f.L3) > mtu {
			r.fail("fragment %d: %v, %d bytes", n, why, len(frame))
		}
		n++
	})
	if !ok || n < 2 {
		r.fail("cut to %d bytes: %v, %d fragments", mtu, ok, n)
	}
}

// nothingLeft fails for packets that left without the script telling of them.
func (r *runner) nothingLeft() {
	r.t.Helper()
	for i := range r.left {
		r.fail("a packet left that is not told of before this line:\n\t%v", &r.left[i])
	}
	r.left = nil
}

// leave compares the next packet that left with the script.
func (r *runner) leave(st *step) {
	r.t.Helper()
	if len(r.left) == 0 {
		r.fail("nothing left; expected\n\t%s > %s", st.port, st.packet)
		return
	}
	got := r.left[0]
	r.left = r.left[1:]
	if !tells(st.packet, "ttl") {
		got.text = withoutTTL(got.text)
	}
	want := leaving{port: st.port, answer: st.suffix.answer, via: st.suffix.via, fragment: st.suffix.fragment}
	var err error
	if want.text, err = r.expect(st.packet, got.text); err != nil {
		r.fail("%v", err)
		return
	}
	if got.String() != want.String() {
		r.fail("another packet left:\n\twant %v\n\tgot  %v", &want, &got)
	}
}

var ttlWord = regexp.MustCompile(` ttl \d+`)

// withoutTTL takes the hop limit off a packet's line, but not off the line of a
// packet that it quotes.
func withoutTTL(line string) string {
	i, j := strings.IndexByte(line, '{'), strings.LastIndexByte(line, '}')
	if i < 0 || j < i {
		i, j = len(line), len(line)
	}
	return ttlWord.ReplaceAllString(line[:i], "") + line[i:j] + ttlWord.ReplaceAllString(line[j:], "")
}

// tells says whether a packet's line has a word outside of braces.
func tells(line, word string) bool {
	if i := strings.IndexByte(line, '{'); i >= 0 {
		j := strings.LastIndexByte(line, '}')
		line = line[:i] + line[j+1:]
	}
	return strings.Contains(" "+line+" ", " "+word+" ")
}

var variable = regexp.MustCompile(`\$(\w+)(\.hi|\.lo)?`)

// substitute writes the values of variables into a line.
func (r *runner) substitute(line string) (string, error) {
	var err error
	line = variable.ReplaceAllStringFunc(line, func(v string) string {
		m := variable.FindStringSubmatch(v)
		n, ok := r.vars[m[1]]
		if !ok {
			err = fmt.Errorf("$%s has no value yet", m[1])
		}
		switch m[2] {
		case ".hi":
			n /= 256
		case ".lo":
			n %= 256
		}
		return strconv.Itoa(n)
	})
	return line, err
}

// expect is the canonical form of a line that tells of a leaving packet. Its
// unbound variables take their values from the packet that left.
func (r *runner) expect(line, got string) (string, error) {
	if err := r.bind(line, got); err != nil {
		return "", err
	}
	line, err := r.substitute(line)
	if err != nil {
		return "", err
	}
	text, err := packettest.Canonical(line)
	if err == nil && !tells(line, "ttl") {
		text = withoutTTL(text)
	}
	return text, err
}

// bind finds the values of a line's unbound variables: the line is spelt with
// numbers that stand for them, and what stands in their places in got is taken.
func (r *runner) bind(line, got string) error {
	type place struct{ name, part string }
	var places []place
	marked := variable.ReplaceAllStringFunc(line, func(v string) string {
		m := variable.FindStringSubmatch(v)
		if _, bound := r.vars[m[1]]; bound {
			v, _ = r.substitute(v)
			return v
		}
		places = append(places, place{m[1], m[2]})
		if m[2] == "" {
			return strconv.Itoa(60000 + len(places))
		}
		return strconv.Itoa(201 + len(places))
	})
	if len(places) == 0 {
		return nil
	}
	text, err := packettest.Canonical(marked)
	if err != nil {
		return err
	}
	if !tells(line, "ttl") {
		text = withoutTTL(text)
	}
	expr := regexp.QuoteMeta(text)
	for i, p := range places {
		mark := 60000 + i + 1
		if p.part != "" {
			mark = 201 + i + 1
		}
		expr = regexp.MustCompile(`\b`+strconv.Itoa(mark)+`\b`).ReplaceAllString(expr, fmt.Sprintf(`(?P<v%d>\d+)`, i))
	}
	re := regexp.MustCompile("^" + expr + "$")
	m := re.FindStringSubmatch(got)
	if m == nil {
		return fmt.Errorf("another packet left:\n\twant %s\n\tgot  %s", line, got)
	}
	for i, p := range places {
		n, _ := strconv.Atoi(m[re.SubexpIndex(fmt.Sprintf("v%d", i))])
		switch p.part {
		case ".hi":
			r.vars[p.name] += n * 256
		case ".lo":
			r.vars[p.name] += n
		default:
			r.vars[p.name] = n
		}
	}
	return nil
}
