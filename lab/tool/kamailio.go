package tool

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"portcullis/lab"
)

// Kamailio starts a registrar and proxy, which stays in the route of the calls
// that it passes on. It knows nothing of translation, and touches no media.
func Kamailio(ctx context.Context, ns *lab.Namespace, dir string, at netip.AddrPort) (*lab.Process, error) {
	t, err := Find("kamailio")
	if err != nil {
		return nil, err
	}
	modules, _ := filepath.Glob(t.file("usr/lib/*/kamailio/modules")) // the pattern is well formed
	if len(modules) == 0 {
		return nil, fmt.Errorf("kamailio: no modules: %w", ErrMissing)
	}
	conf, err := writeFile(dir, "kamailio.cfg", fmt.Sprintf(kamailio, at, modules[0]))
	if err != nil {
		return nil, err
	}
	c := t.Command("-f", conf, "-DD", "-E", "-Y", dir, "-w", dir, "-m", "16", "-M", "4")
	c.Dir, c.Contain = dir, true
	c.Env = append(c.Env, "LD_LIBRARY_PATH="+strings.Join(append(t.libraries(), filepath.Dir(modules[0])), ":"))
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(8 * time.Second); ; {
		err := ns.Do(func() error { return options(at) })
		switch {
		case err == nil:
			return p, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case p.Ended() || time.Now().After(deadline):
			return nil, fmt.Errorf("kamailio: %w: %s", err, lab.Tail(p.Stdout()+p.Stderr(), 8))
		}
	}
}

// options asks whether anybody answers SIP.
func options(at netip.AddrPort) error {
	conn, err := net.Dial("udp", at.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "OPTIONS sip:%[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK0;rport\r\nFrom: <sip:x@%[1]s>;tag=1\r\n"+
		"To: <sip:%[1]s>\r\nCall-ID: 0\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", at, conn.LocalAddr()); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		return err
	}
	if _, err = conn.Read(make([]byte, 2048)); err != nil {
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

const kamailio = `#!KAMAILIO
debug=0
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
listen=udp:%s
mpath="%s"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "default_expires", 300)
request_route {
	if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
	if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (has_totag()) {
		if (loose_route()) { t_relay(); exit; }
		if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
		sl_send_reply("404", "Not Here");
		exit;
	}
	if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
	t_check_trans();
	if (is_method("REGISTER")) { save("location"); exit; }
	record_route();
	if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
	t_relay();
}
`
