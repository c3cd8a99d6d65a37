package tool

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portcullis/lab"
)

// TalkHost is a host whose only user is root, at a terminal of its own, with a daemon
// of talk. Its files are in a directory.
type TalkHost struct {
	ns   *lab.Namespace
	dir  string
	at   netip.Addr
	term *lab.Process
}

// names is a script that gives a host a name of its own address: talk asks for that.
func (h *TalkHost) names() string {
	return "hostname talker\n" + overlay("/etc/hosts", h.at.String()+" talker")
}

// NewTalkHost logs root in and starts the daemon, and waits until it listens.
func NewTalkHost(ctx context.Context, ns *lab.Namespace, dir string, at netip.Addr) (*TalkHost, error) {
	h := &TalkHost{ns: ns, dir: dir, at: at}
	inetd, err := Find("inetd")
	if err != nil {
		return nil, err
	}
	talkd, err := Find("in.ntalkd")
	if err != nil {
		return nil, err
	}
	line, err := h.login(ctx)
	if err != nil {
		return nil, err
	}
	users := filepath.Join(dir, "utmp")
	if err := os.WriteFile(users, userRecord("root", line, h.term.PID()), 0o644); err != nil {
		return nil, err
	}
	conf, err := writeFile(dir, "inetd.conf", fmt.Sprintf("ntalk dgram udp wait root %s in.ntalkd\n", talkd.Path))
	if err != nil {
		return nil, err
	}
	c := apart(inetd.Command("-i", conf), h.names()+"\ncp "+users+" /run/utmp")
	_, err = daemon(ctx, ns, c, func() error { return taken(netip.IPv4Unspecified(), 518) })
	return h, err
}

// login opens a terminal that shows what is written to it, and returns its name below
// /dev.
func (h *TalkHost) login(ctx context.Context) (line string, err error) {
	t, err := Find("script")
	if err != nil {
		return "", err
	}
	if h.term, err = h.ns.Start(t.Command("--quiet", "--flush", "--command", "tty; mesg y; sleep 100", "/dev/null")); err != nil {
		return "", err
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if name, _, ok := strings.Cut(h.term.Stdout(), "\n"); ok {
			return strings.TrimPrefix(strings.TrimSpace(name), "/dev/"), nil
		}
		if ctx.Err() != nil || h.term.Ended() || time.Now().After(deadline) {
			return "", fmt.Errorf("script: no terminal: %s", h.term.Stderr())
		}
	}
}

// userRecord is a record of utmp(5): a user at a terminal.
func userRecord(user, line string, pid int) []byte {
	b := make([]byte, 384)
	binary.NativeEndian.PutUint16(b, 7) // USER_PROCESS
	binary.NativeEndian.PutUint32(b[4:], uint32(pid))
	copy(b[8:40], line)
	copy(b[40:44], line[max(len(line)-2, 0):])
	copy(b[44:76], user)
	binary.NativeEndian.PutUint32(b[340:], uint32(time.Now().Unix()))
	return b
}

// Rung says whether somebody has rung root's terminal.
func (h *TalkHost) Rung() bool { return strings.Contains(h.term.Stdout(), "talk:") }

// Talk is one side of a conversation.
type Talk struct {
	*lab.Process
	in io.WriteCloser
}

// Talk has root talk with root at a host.
func (h *TalkHost) Talk(host string) (*Talk, error) {
	t, err := Find("netkit-ntalk")
	if err != nil {
		return nil, err
	}
	script, err := Find("script")
	if err != nil {
		return nil, err
	}
	c := apart(script.Command("--quiet", "--flush", "--command", "stty rows 24 cols 80; TERM=vt100 LD_LIBRARY_PATH="+strings.Join(t.libraries(), ":")+" "+t.Path+" root@"+host, "/dev/null"), h.names())
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdin, c.Contain = r, true // talk has a terminal of its own, and would outlive it
	p, err := h.ns.Start(c)
	r.Close()
	if err != nil {
		w.Close()
		return nil, err
	}
	return &Talk{p, w}, nil
}

// Say types a line.
func (t *Talk) Say(line string) error {
	_, err := io.WriteString(t.in, line+"\n")
	return err
}

// Hears says whether the screen has had some text.
func (t *Talk) Hears(text string) bool { return bytes.Contains([]byte(t.Stdout()), []byte(text)) }

// Close ends the conversation.
func (t *Talk) Close() {
	t.in.Close()
	t.Kill()
}

// apart has a command start with files and a host name of its own; see private.
func apart(c lab.Command, script string) lab.Command {
	c = within(c, script)
	c.Args = append([]string{"--uts"}, c.Args...)
	return c
}
