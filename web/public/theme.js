// Runs before the first paint, so that a light page never flashes dark.
try {
  if (localStorage.getItem('netmon.theme') === 'light')
    document.documentElement.classList.replace('dark', 'light');
} catch {
  // Storage is switched off: stay dark.
}
