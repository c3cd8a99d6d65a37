package tool

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"portcullis/lab"
)

// IRCPort is where an IRC server listens.
const IRCPort = 6667

// IRCServer starts ngIRCd at an address, with its files in a directory. It does not
// wait until the server answers.
func IRCServer(ns *lab.Namespace, dir string, at netip.Addr) (*lab.Process, error) {
	t, err := Find("ngircd")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "ngircd.conf")
	text := fmt.Sprintf("[Global]\nName = irc.example\nInfo = lab\nAdminEMail = a@irc.example\nListen = %s\nPorts = %d\nServerUID = root\nServerGID = root\n"+
		"[Limits]\nMaxConnectionsIP = 0\nPingTimeout = 120\n[Options]\nDNS = no\nIdent = no\nPAM = no\nRequireAuthPing = no\nChrootDir =\n", at, IRCPort)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	c := t.Command("--nodaemon", "--config", file)
	c.Contain = true
	return ns.Start(c)
}
