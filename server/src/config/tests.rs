use super::*;

fn serve(args: &[&str]) -> Result<Serve, String> {
    let cli = Cli::try_parse_from(["berth", "serve"].iter().chain(args)).map_err(|e| e.to_string())?;
    let Command::Serve(serve) = cli.command else { return Err("not serve".into()) };
    serve.check()?;
    Ok(*serve)
}

fn refused(args: &[&str]) -> String {
    serve(args).expect_err("should be refused")
}

#[test]
fn defaults_are_those_of_the_contract() {
    let it = serve(&[]).unwrap();
    assert_eq!(it.listen.to_string(), "127.0.0.1:7340");
    assert_eq!(it.place.data_dir, PathBuf::from("./var"));
    assert_eq!(it.database_ports.range(), 15432..=16431);
    assert_eq!((it.runtime, it.log_format), (Runtime::Local, LogFormat::Text));
    assert!(it.place.database_url.is_none() && it.metrics_listen.is_none() && it.allow_networks.is_empty());
    assert!(!it.behind_proxy && !it.tls());
}

#[test]
fn every_flag_has_its_environment_variable() {
    use clap::CommandFactory;
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    for arg in serve.get_arguments().filter(|arg| arg.get_long().is_some_and(|long| long != "help")) {
        let long = arg.get_long().unwrap();
        let expected = format!("BERTH_{}", long.to_uppercase().replace('-', "_"));
        assert_eq!(arg.get_env().and_then(|e| e.to_str()), Some(expected.as_str()), "--{long}");
    }
}

#[test]
fn help_is_printed_for_every_command() {
    use clap::CommandFactory;
    Cli::command().debug_assert();
    for words in
        [&["berth"][..], &["berth", "user"], &["berth", "user", "list", "--help"], &["berth", "stop", "--help"]]
    {
        let error = Cli::try_parse_from(words).unwrap_err();
        assert!(error.to_string().contains("Usage:"), "{words:?}");
    }
}

#[test]
fn help_never_shows_the_database_url() {
    use clap::CommandFactory;
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let url = serve.get_arguments().find(|arg| arg.get_id() == "database_url").unwrap();
    assert!(url.is_hide_env_values_set());
}

#[test]
fn a_wrong_command_line_exits_with_2_and_help_with_0() {
    assert_eq!(Cli::try_parse_from(["berth", "serve", "--nonsense"]).unwrap_err().exit_code(), 2);
    assert_eq!(Cli::try_parse_from(["berth", "serve", "--help"]).unwrap_err().exit_code(), 0);
}

#[test]
fn ports_are_a_range_in_order_and_above_1023() {
    assert_eq!(serve(&["--database-ports", "20000-20000"]).unwrap().database_ports.range(), 20000..=20000);
    for wrong in ["15432", "16431-15432", "1023-2000", "0-10", "1-70000", "a-b", "-", "15432-", "1500-1600-1700"] {
        assert!(wrong.parse::<Ports>().is_err(), "{wrong}");
    }
}

#[test]
fn a_public_host_is_a_name_or_an_address_alone() {
    for (given, kept) in [
        ("Berth.Example.com", "berth.example.com"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("box", "box"),
    ] {
        assert_eq!(given.parse::<PublicHost>().unwrap().as_str(), kept);
    }
    for wrong in ["", "http://a", "a:80", "a/b", "a b", "-a", "a..b", "a@b", "a\n", "ä.example", "a.example."] {
        assert!(wrong.parse::<PublicHost>().is_err(), "{wrong:?}");
    }
}

#[test]
fn networks_are_a_list_of_cidrs() {
    assert_eq!(serve(&["--allow-networks", "10.0.0.0/8,fd00::/8"]).unwrap().allow_networks.len(), 2);
    assert!(refused(&["--allow-networks", "10.0.0.0/33"]).contains("--allow-networks"));
    assert!(refused(&["--allow-networks", "example.com"]).contains("--allow-networks"));
}

#[test]
fn certificate_and_key_come_together() {
    assert!(serve(&["--tls-cert", "c.pem", "--tls-key", "k.pem"]).unwrap().tls());
    assert!(refused(&["--tls-cert", "c.pem"]).contains("--tls-key"));
    assert!(refused(&["--tls-key", "k.pem"]).contains("--tls-cert"));
}

#[test]
fn beyond_loopback_wants_tls_or_a_proxy() {
    let message = refused(&["--listen", "0.0.0.0:7340"]);
    for flag in ["--tls-cert", "--tls-key", "--behind-proxy", "--listen 127.0.0.1:7340"] {
        assert!(message.contains(flag), "{message}");
    }
    assert!(refused(&["--listen", "[::]:7340"]).contains("--tls-cert"));
    assert!(serve(&["--listen", "[::1]:7340"]).is_ok());
    assert!(serve(&["--listen", "0.0.0.0:7340", "--behind-proxy"]).is_ok());
    assert!(serve(&["--listen", "0.0.0.0:7340", "--tls-cert", "c", "--tls-key", "k"]).is_ok());
    assert!(refused(&["--behind-proxy", "--tls-cert", "c", "--tls-key", "k"]).contains("exclude each other"));
}

#[test]
fn what_is_said_of_a_cluster_needs_one() {
    let file = ["--kubernetes-config", "berth.yaml"];
    assert!(refused(&file).contains("needs --runtime kubernetes"));
    serve(&[&file[..], &["--runtime", "kubernetes"]].concat()).unwrap();
}

#[test]
fn metrics_need_an_address_of_their_own() {
    assert!(refused(&["--metrics-listen", "127.0.0.1:7340"]).contains("--metrics-listen"));
    assert!(serve(&["--metrics-listen", "127.0.0.1:7341"]).is_ok());
}

#[test]
fn a_wrong_database_url_is_not_repeated() {
    let message = refused(&["--database-url", "mysql://user:Hunter2@host/db"]);
    assert!(message.contains("postgres://user:password@host") && !message.contains("Hunter2"), "{message}");
    let debug = format!("{:?}", serve(&["--database-url", "postgres://user:Hunter2@host/db"]).unwrap());
    assert!(!debug.contains("Hunter2"));
}

#[test]
fn the_first_admin_is_whole_or_absent() {
    let text = |text: &str| Some(text.to_owned());
    assert!(FirstAdmin::from_values(None, None).unwrap().is_none());
    assert!(FirstAdmin::from_values(text("a@b"), None).is_err());
    assert!(FirstAdmin::from_values(None, text("p")).is_err());
    let admin = FirstAdmin::from_values(text("a@b"), text("Hunter2")).unwrap().unwrap();
    assert!(!format!("{admin:?}").contains("Hunter2"));
}
