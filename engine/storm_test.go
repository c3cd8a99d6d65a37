package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// storm makes packets of a few hosts that talk FTP, TFTP and nonsense: mostly in
// sequence, sometimes not, and sometimes damaged.
type storm struct {
	r    *rand.Rand
	next map[string]uint32 // sequence numbers by flow, as its sender counts
}

var stormHosts = [2][]string{
	{"10.1.0.2", "10.1.0.3", "fd01::2", "10.1.0.2", "10.1.0.1", "224.0.0.1", "10.9.9.9"},
	{"10.2.0.2", "10.2.0.3", "fd02::2", "10.2.0.1", "10.2.0.1", "10.1.0.2", "255.255.255.255"},
}

var stormTexts = []string{
	`220 hi\r\n`, `USER a\r\n`, `230 in\r\n`, `PORT 10,1,0,2,160,40\r\n`, `PORT 10,1,0,3,160,40\r\nPORT 10,1,0,2,0,1\r\n`,
	`PORT 10,1,`, `0,2,170,1\r\n`, `EPRT |2|fd01::2|41001|\r\n`, `EPRT |1|10.1.0.2|4294967376|\r\n`, `PASV\r\n`, `EPSV\r\n`,
	`227 (10,2,0,2,156,64)\r\n`, `229 (|||40000|)\r\n`, `200-x\r\n227 no\r\n200 y\r\n`, `AUTH TLS\r\n`, `234 go\r\n`,
	`\x00\x01f\x00octet\x00`, `GET / HTTP/1.1\r\n`, `\xff\xf4\xff\xf2ABOR\r\n`,
}

var stormPorts = []int{20, 21, 21, 21, 69, 69, 80, 0, 40000, 41000, 41001, 41000}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// packet is one line and the port it arrives on.
func (s *storm) packet() (in, line string) {
	side := s.r.IntN(2)
	in = fmt.Sprintf("port%d", side+1)
	src, dst := pick(s.r, stormHosts[side]), pick(s.r, stormHosts[1-side])
	if packet.MustAddr(src).Is4() != packet.MustAddr(dst).Is4() {
		src, dst = "10.1.0.2", "10.2.0.2"
	}
	switch s.r.IntN(9) {
	case 0:
		return in, s.icmp(src, dst)
	case 3:
		return in, s.other(src, dst, side == 0)
	case 1, 2:
		return in, fmt.Sprintf(`udp %s > %s data "%s"`, s.end(src, side == 0), s.end(dst, side == 1), pick(s.r, stormTexts))
	}
	return in, s.tcp(s.end(src, side == 0), s.end(dst, side == 1))
}

func (s *storm) end(host string, client bool) string {
	port := pick(s.r, stormPorts)
	if client {
		port = 40000 + s.r.IntN(3)
	}
	if packet.MustAddr(host).Is4() {
		return fmt.Sprintf("%s:%d", host, port)
	}
	return fmt.Sprintf("[%s]:%d", host, port)
}

func (s *storm) tcp(src, dst string) string {
	flow, back := src+dst, dst+src
	seq, ack := s.next[flow], s.next[back]
	if s.r.IntN(6) == 0 {
		seq -= uint32(s.r.IntN(60))
	}
	if s.r.IntN(20) == 0 {
		seq, ack = s.r.Uint32(), s.r.Uint32()
	}
	flags := pick(s.r, []string{"S", "SA", "A", "PA", "PA", "PA", "PA", "FA", "RA", "S", "-", "SF", "PAU"})
	text := ""
	if flags == "PA" || flags == "A" || flags == "PAU" {
		text = pick(s.r, stormTexts)
	}
	line := fmt.Sprintf(`tcp %s > %s %s seq %d ack %d data "%s"`, src, dst, flags, seq, ack, text)
	if s.r.IntN(10) == 0 {
		line += fmt.Sprintf(" sack %d-%d", ack+uint32(s.r.IntN(40)), ack+uint32(s.r.IntN(80)))
	}
	if p := packettest.Packet(line); s.r.IntN(10) > 0 {
		s.next[flow] = seq + uint32(len(p.Data()))
		if flags != "A" && flags[0] != 'P' {
			s.next[flow]++
		}
	}
	return line
}

// other is SCTP, whose tags are few, or a protocol without ports.
func (s *storm) other(src, dst string, client bool) string {
	ends := fmt.Sprintf("%s > %s", src, dst)
	if s.r.IntN(4) == 0 {
		return pick(s.r, []string{
			"gre " + ends, "gre " + ends + " key 7", "gre " + ends + " key 65543 sum seq 9 len 4", "gre " + ends + " call 7 seq 1 len 4",
			"gre " + ends + " call 9 ack 1", "esp " + ends + " len 16", "ip-99 " + ends, "ip-47 " + ends + " hex 4000080000000000",
		})
	}
	tag := func() int { return 1 + s.r.IntN(3) }
	src, dst = s.end(src, client), s.end(dst, !client)
	server := &dst
	if !client {
		server = &src
	}
	*server = (*server)[:strings.LastIndex(*server, ":")] + ":9"
	chunk := pick(s.r, []string{
		"init 1", "init 2", "init 1", "init-ack 1", "init-ack 2", "init-ack 3", "cookie-echo", "cookie-echo len 4", "cookie-ack", "cookie-ack sack",
		"len 40", "len 40", "sack", "heartbeat", "abort", "abort/t", "shutdown", "shutdown-ack", "shutdown-complete", "error", "init 3 len 4", "chunk 1=00000001",
	})
	line := fmt.Sprintf("sctp %s > %s %s", src, dst, chunk)
	if !strings.HasPrefix(chunk, "init ") || s.r.IntN(8) == 0 {
		line += fmt.Sprintf(" tag %d", tag())
	}
	return line
}

func (s *storm) icmp(src, dst string) string {
	name, kinds := "icmp", []string{"echo id 7", "echo-reply id 7", "type 9", "redirect"}
	if !packet.MustAddr(src).Is4() {
		name, kinds[3] = "icmp6", "too-big mtu 1280"
	}
	if s.r.IntN(2) == 0 {
		inner := s.tcp(s.end(dst, s.r.IntN(2) == 0), s.end(src, s.r.IntN(2) == 0))
		return fmt.Sprintf("%s %s > %s unreach about {%s cut %d}", name, src, dst, inner, s.r.IntN(20))
	}
	return fmt.Sprintf("%s %s > %s %s", name, src, dst, pick(s.r, kinds))
}

// rare adds what makes a packet unusual or wrong.
func (s *storm) rare(line string) string {
	switch s.r.IntN(24) {
	case 0:
		return line + " ttl 1"
	case 1:
		return line + " badsum"
	case 2:
		return line + " partial"
	case 3:
		return line + " frag 0+ len 1480"
	case 4:
		return line + " len 1450"
	case 5:
		return line + " len 20000 partial gso 1300"
	case 6:
		return line + fmt.Sprintf(" cut %d", s.r.IntN(60))
	}
	return line
}

// TestStorm sends packets of all kinds through a configuration with translation
// and helpers, among them conversations that come far, while time passes and
// configurations change.
func TestStorm(t *testing.T) {
	nat := rigPolicy + "nat = \"enable\"\n"
	loud := "reset-sessionless-tcp = \"enable\"\ncheck-protocol-header = \"strict\"\n[system.settings]\ntcp-session-without-syn = \"enable\"\nsctp-session-without-init = \"enable\"\n" +
		rigPolicy + "timeout-send-rst = \"enable\"\ntcp-session-without-syn = \"all\"\n"
	denied := strings.Replace(rigPolicy, "accept", "deny", 1) + "send-deny-packet = \"enable\"\n"
	loose := "snat-route-change = \"enable\"\n[system.settings]\nasymroute = \"enable\"\nasymroute6 = \"enable\"\nfirewall-session-dirty = \"check-new\"\n" +
		"[[firewall.shaper.per-ip-shaper]]\nname = \"few\"\nmax-concurrent-session = 7\nmax-concurrent-tcp-session = 5\n" +
		nat + "per-ip-shaper = \"few\"\n"
	r := newRig(t, nat, nat, loud, denied, loose)
	s := &storm{r: rand.New(rand.NewPCG(3, 4)), next: map[string]uint32{}}
	talks := []*talk{{id: 1}, {id: 2}, {id: 3}, {id: 4}}
	rules := uint32(0)
	for i := range 60000 {
		if s.r.IntN(3) > 0 {
			pick(s.r, talks).step(t, r, s)
		} else {
			s.noise(t, r)
		}
		switch s.r.IntN(400) {
		case 0:
			r.now = r.now.Add(time.Duration(s.r.Int64N(int64(20 * time.Second))))
			r.worker.Tick(r.now)
		case 1:
			rules++
			r.worker.SetRuleset(r.rules[[]int{0, 1, 0, 2, 1, 3, 0, 4}[rules%8]])
		case 2:
			r.clear()
		}
		if i%16 == 0 {
			if err := r.worker.CheckInvariants(); err != nil {
				t.Fatalf("after %d packets: %v", i, err)
			}
		}
	}
	stats := r.worker.Stats()
	if stats.Created < 100 || stats.Children < 10 || stats.Expected < 20 || stats.Blocked < 10 || stats.Detached < 10 || stats.Reassembled < 300 || stats.Cleared < 10 || stats.Astray < 100 || r.worker.Drops()[packet.ReasonSessionQuota] < 100 {
		t.Errorf("the storm was a breeze: %+v", stats)
	}
	r.worker.Shutdown(r.now, 5)
	r.calm(t)
	if r.ledger.Ended() != stats.Created || len(r.ledger.Ends) < 8 {
		t.Errorf("%d sessions were created, and ended so: %v", stats.Created, r.ledger.Ends)
	}
}

// calm lets time pass until everything is over by itself: nothing is left then,
// and every session that was told of has ended once.
func (r *rig) calm(t *testing.T) {
	t.Helper()
	for range 400 {
		r.now = r.now.Add(20 * time.Second)
		for r.worker.Tick(r.now) {
		}
	}
	st := r.worker.Stats()
	if err := r.worker.CheckInvariants(); err != nil || st.Sessions+st.Ephemeral+st.Removable+st.Expectations+st.Fragmented+st.FragmentMem != 0 {
		t.Errorf("after the end: %v, %+v", err, st)
	}
	if l := r.ledger; l.Open() != 0 || l.Starts != st.Created || l.Children != st.Children || l.Expects != st.Expected {
		t.Errorf("%d sessions are without an end; of %+v the ledger knows %d, %d and %d", l.Open(), st, l.Starts, l.Children, l.Expects)
	}
	for _, w := range r.ledger.Wrong {
		t.Error(w)
	}
}

// clear takes out some of what there is, as an operator does.
func (r *rig) clear() {
	dice := rand.New(rand.NewPCG(7, uint64(r.now))) // of its own: the packets stay as they are
	var sessions, expected []session.Ref
	for cursor, first := uint32(0), true; first || cursor != 0; first = false {
		cursor = r.worker.SessionsFrom(cursor, 7, func(s *session.Session) {
			if dice.IntN(8) == 0 {
				sessions = append(sessions, s.Ref())
			}
		})
	}
	r.worker.ExpectationsFrom(0, 1000, func(ref session.Ref, _ *session.Expectation, _ *session.Session) {
		if dice.IntN(4) == 0 {
			expected = append(expected, ref)
		}
	})
	r.worker.Clear(r.now, sessions)
	r.worker.ClearExpectations(r.now, expected)
}

// noise sends one packet that belongs to nothing in particular.
func (s *storm) noise(t testing.TB, r *rig) {
	in, line := s.packet()
	frame, off, err := packettest.Build(s.rare(line))
	if err != nil {
		t.Fatal(err)
	}
	if s.r.IntN(30) == 0 && len(frame) > 0 {
		frame[s.r.IntN(len(frame))] ^= byte(1 << s.r.IntN(8))
	}
	if s.r.IntN(40) == 0 {
		frame = frame[:len(frame):len(frame)]
	}
	s.send(t, r, in, frame, off, wellFormed(t))
}

// send sends a frame, sometimes in fragments and those in any order.
func (s *storm) send(t testing.TB, r *rig, in string, frame []byte, off packet.Offload, left func(*engine.Slot)) {
	var p packet.Packet
	var frames [][]byte
	if s.r.IntN(6) == 0 && p.Parse(bytes.Clone(frame), off) == packet.ReasonNone && p.Kind != packet.KindARP && !p.Frag {
		p.SetIdentification(s.r.Uint32())
		packet.Fragment(&p, int(p.L4-p.L3)+24+s.r.IntN(40), func(f []byte) { frames = append(frames, bytes.Clone(f)) })
	}
	if len(frames) < 2 {
		r.send(t, in, frame, off, left)
		return
	}
	s.r.Shuffle(len(frames), func(i, j int) { frames[i], frames[j] = frames[j], frames[i] })
	for _, f := range frames {
		if s.r.IntN(100) > 0 {
			r.send(t, in, f, packet.Offload{}, left)
		}
	}
}

// FuzzTrip lets the fuzzer write frames: a byte of length (in units of 4), a byte
// that says where it arrives and how much time passes, the frame.
func FuzzTrip(f *testing.F) {
	s := &storm{r: rand.New(rand.NewPCG(5, 6)), next: map[string]uint32{}}
	for range 20 {
		var input []byte
		for range 6 {
			in, line := s.packet()
			frame := packettest.Frame(line)
			for len(frame)%4 != 0 {
				frame = append(frame, 0)
			}
			input = append(input, byte(len(frame)/4), in[4])
			input = append(input, frame...)
		}
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		r := newRig(t, rigPolicy+"nat = \"enable\"\n")
		for len(input) > 2 {
			n := min(int(input[0])*4, len(input)-2)
			in := fmt.Sprintf("port%d", 2-input[1]&1)
			r.now += session.Tick(input[1]>>1) << 24
			r.send(t, in, append([]byte(nil), input[2:2+n]...), packet.Offload{}, wellFormed(t))
			r.worker.Tick(r.now)
			input = input[2+n:]
		}
		if err := r.worker.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAllocs: a packet of an established session allocates nothing.
func TestAllocs(t *testing.T) {
	for name, c := range map[string]struct {
		nat         string
		open, reply string
		then        string
	}{
		"udp4": {"", "udp 10.1.0.2:6000 > 10.2.0.2:53 len 20", "", "udp 10.1.0.2:6000 > 10.2.0.2:53 len 20"},
		"tcp4": {"", "tcp 10.1.0.2:6000 > 10.2.0.2:80 S", "tcp 10.2.0.2:80 > 10.1.0.2:6000 SA ack 1", "tcp 10.1.0.2:6000 > 10.2.0.2:80 A seq 1 ack 1"},
		"tcp6": {"", "tcp [fd01::2]:6000 > [fd02::2]:80 S", "tcp [fd02::2]:80 > [fd01::2]:6000 SA ack 1", "tcp [fd01::2]:6000 > [fd02::2]:80 A seq 1 ack 1"},
		"tcp4-snat": {
			"nat = \"enable\"\n", "tcp 10.1.0.2:6000 > 10.2.0.2:80 S",
			"tcp 10.2.0.2:80 > 10.2.0.1:6000 SA ack 1", "tcp 10.1.0.2:6000 > 10.2.0.2:80 A seq 1 ack 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigPolicy+c.nat)
			for i, line := range []string{c.open, c.reply, c.then} {
				if line == "" {
					continue
				}
				in := []string{"port1", "port2", "port1"}[i]
				if v, why := r.send(t, in, packettest.Frame(line), packet.Offload{}, wellFormed(t)); v != engine.Forward {
					t.Fatal(line, why)
				}
			}
			frame := packettest.Frame(c.then)
			mem := make([]byte, len(frame), 256)
			batch := make([]engine.Slot, 1)
			if n := testing.AllocsPerRun(100, func() {
				copy(mem, frame)
				batch[0].Parse(mem, packet.Offload{})
				batch[0].In = r.names.InterfaceIndex("port1")
				r.worker.Process(r.now, batch)
			}); n != 0 || batch[0].Verdict != engine.Forward {
				t.Errorf("%v allocations, %v", n, batch[0].Reason)
			}
		})
	}
}
