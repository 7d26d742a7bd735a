//! From what was typed to an exit code.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hark_app::api::ApiError;
use hark_app::{owner, program};
use tauri::{AppHandle, RunEvent};

#[cfg(target_os = "macos")]
use crate::menu;
use crate::options::Options;
use crate::shell::Shell;
use crate::{bridge, files, house, login, media, platform, tray, watchdog, window};

/// The whole program.
pub(crate) fn run() -> ExitCode {
    let started = platform::now();
    let options = <Options as clap::Parser>::parse();
    // Before anything of the window system is touched: it reads the environment once.
    if let Err(error) = watchdog::spare_nvidia() {
        return fail(&ApiError::internal(error));
    }
    match start(options, started) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn fail(error: &ApiError) -> ExitCode {
    eprintln!("hark-desktop: {}", error.message.replace('\n', " "));
    ExitCode::FAILURE
}

fn start(mut options: Options, started: Instant) -> Result<ExitCode, ApiError> {
    program::start_up();
    let folder = program::data_folder(options.data.take())?;
    if hark_app::window_file("index.html").is_none() {
        return Err(ApiError::bad_request(
            "The window was not built into this program. Run cargo xtask run: it builds both.",
        ));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ApiError::internal)?;
    let Some(ownership) = runtime.block_on(owner::take_or_show(&folder, options.link.clone()))? else {
        return Ok(ExitCode::SUCCESS);
    };
    program::start_log(&folder);
    tauri::async_runtime::set(runtime.handle().clone());
    let shell = Arc::new(Shell::new(folder, &options, started));
    let tauri = tauri::Builder::default()
        .plugin(window::remembers(shell.folder()))
        .plugin(login::plugin(shell.folder(), options.data.is_some()))
        .plugin(tauri_plugin_deep_link::init())
        .manage(shell.clone())
        .invoke_handler(bridge::handler())
        .register_asynchronous_uri_scheme_protocol(media::SCHEME, media::answer)
        .setup({
            let shell = shell.clone();
            move |tauri| {
                let handle = tauri.handle();
                house::open(&shell, ownership);
                window::build(handle, &shell)?;
                tray::follow(handle, &shell);
                crate::links::follow(handle, &shell);
                watchdog::watch(handle, &shell);
                login::renew(handle);
                end_when_asked(handle.clone());
                Ok(())
            }
        });
    #[cfg(target_os = "macos")]
    let tauri = tauri.menu(menu::build).on_menu_event(|tauri, event| {
        if event.id().as_ref() == menu::QUIT {
            window::quit(tauri);
        }
    });
    let mut context = tauri::generate_context!();
    context.set_assets(Box::new(files::Files::new(shell.clone())));
    let tauri = tauri.build(context).map_err(ApiError::internal)?;
    let code = tauri.run_return({
        let shell = shell.clone();
        let handle = runtime.handle().clone();
        move |tauri, event| match event {
            // The last window is gone and nobody asked for the end: hidden in the tray.
            RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
            RunEvent::Exit => handle.block_on(house::close(&shell)),
            #[cfg(target_os = "macos")]
            RunEvent::Reopen { .. } => window::raise(tauri, &shell),
            _ => {
                let _ = tauri;
            }
        }
    });
    // A loudspeaker or a slow disk must not hold the program back.
    runtime.shutdown_timeout(Duration::from_secs(1));
    if shell.starts_again() {
        return Err(ApiError::internal(watchdog::start_again()));
    }
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Ends in order when the terminal or the system asks.
fn end_when_asked(tauri: AppHandle) {
    tauri::async_runtime::spawn(async move {
        program::asked_to_end().await;
        tauri.exit(0);
    });
}
