// Asks the service worker which open tabs are nearest to a few words, and goes to the one that is picked.
const [form, query, status, list] = ['form', '#query', '#status', '#tabs'].map((name) => document.querySelector(name));

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  status.textContent = 'Reading the titles…';
  const { tabs = [], problem = '' } = await chrome.runtime.sendMessage({ query: query.value });
  status.textContent = problem || 'The nearest of your tabs:';
  list.replaceChildren(
    ...tabs.map(({ id, windowId, title }) => {
      const item = document.createElement('li'),
        button = document.createElement('button');
      button.textContent = title;
      button.addEventListener('click', async () => {
        await chrome.tabs.update(id, { active: true });
        await chrome.windows.update(windowId, { focused: true });
      });
      item.append(button);
      return item;
    }),
  );
});
